//! Ways in which real code reads its environment, and what each says about a missing value.

use super::*;
use proptest::prelude::*;

/// `NAME` where it is needed, `NAME?` where the code does without it, in order of lines.
fn reads(text: &str) -> String {
    let module = module(text, "file.tsx").unwrap();
    let mut reads: Vec<String> = module
        .reads
        .iter()
        .map(|read| format!("{}{}", read.name, if read.has_default { "?" } else { "" }))
        .collect();
    reads.dedup();
    reads.join(" ")
}

#[test]
fn forms_of_reading() {
    assert_eq!(reads("f(process.env.A1)"), "A1");
    assert_eq!(reads("f(process.env['A1'], process.env[`B1`])"), "A1 B1");
    assert_eq!(reads("f(process?.env?.A1)"), "A1");
    assert_eq!(reads("f((process.env as any).A1!)"), "A1");
    assert_eq!(
        reads("f(import.meta.env.A1, globalThis.process.env.B1)"),
        "A1 B1"
    );
    // What Vite builds in itself is nobody's to set; the same name elsewhere is.
    assert_eq!(
        reads("f(import.meta.env.MODE, process.env.MODE); const dev = import.meta.env.DEV; f(dev)"),
        "MODE"
    );
    assert_eq!(
        reads("const env = process.env; f(env.A1, env['B1'])"),
        "A1 B1"
    );
    assert_eq!(reads("import { env } from 'node:process'; f(env.A1)"), "A1");
    assert_eq!(reads("const { env } = process; f(env.A1)"), "A1");
    assert_eq!(reads("const KEY = 'A1'; f(process.env[KEY])"), "A1");
    assert_eq!(
        reads("function g() { return <p id={process.env.A1} /> }"),
        "A1"
    );
    assert_eq!(reads("f(`${process.env.A1}/x`)"), "A1");
    assert_eq!(reads("process.env.A1 = 'x'; delete process.env.B1"), "");
    assert_eq!(reads("function f(env) { return env.A1 }"), "");
    assert_eq!(
        reads("const x = { process: 1 }; x.env.A1; // process.env.B1"),
        ""
    );
}

/// `NAME<OTHER` where it is needed only with another, in order of lines.
fn gated(text: &str) -> String {
    let module = module(text, "file.tsx").unwrap();
    let mut reads: Vec<String> = module
        .reads
        .iter()
        .filter(|read| !read.has_default)
        .map(|read| format!("{}<{}", read.name, read.only_with.join("+")))
        .collect();
    reads.dedup();
    reads.join(" ")
}

#[test]
fn needed_only_with_another() {
    assert_eq!(gated("if (process.env.A1) f(process.env.B1)"), "B1<A1");
    assert_eq!(
        gated("function g() { if (!process.env.A1) return; f(process.env.B1!) }"),
        "B1<A1"
    );
    assert_eq!(
        gated("process.env.A1 && process.env.C1 && f(process.env.B1)"),
        "B1<A1+C1"
    );
    assert_eq!(
        gated("const { env } = process; const id = env.A1; if (id) { const s = env.B1; f(s) }"),
        "B1<A1"
    );
    // Needed elsewhere without it.
    let twice = "const b = process.env.B1; if (process.env.A1) f(b); g(b)";
    assert_eq!(gated(twice), "B1<");
    // What the file demands is needed itself, and hides nothing.
    let demanded = "if (!process.env.A1) throw new Error('A1'); f(process.env.A1, process.env.B1)";
    assert_eq!(gated(demanded), "A1< B1<");
    // What the file sets is there.
    assert_eq!(gated("process.env.A1 = 'x'; f(process.env.B1)"), "B1<");
    assert_eq!(gated("if (process.env.A1) {} f(process.env.B1)"), "B1<");
}

#[test]
fn destructuring() {
    assert_eq!(
        reads("const { A1, B1: b, C1 = 'x', D1: d = 'y' } = process.env; f(A1, b, C1, d)"),
        "A1 B1 C1? D1?"
    );
    assert_eq!(reads("const { env: { A1 } } = process; f(A1)"), "A1");
    let rest = module("const { A1, ...rest } = process.env; f(A1)", "a.ts").unwrap();
    assert_eq!(rest.dynamic.into_iter().collect::<Vec<_>>(), [1]);
}

#[test]
fn defaults_and_tests() {
    assert_eq!(
        reads("f(process.env.A1 ?? 'x', process.env.B1 || 3)"),
        "A1? B1?"
    );
    assert_eq!(reads("f(Number(process.env.A1) || 5)"), "A1?");
    assert_eq!(
        reads("f(process.env.A1 === 'true', !process.env.B1, !!process.env.C1)"),
        "A1? B1? C1?"
    );
    assert_eq!(reads("f(process.env.A1?.split(','))"), "A1?");
    assert_eq!(
        reads("const r = process.env.A1 ? new R(process.env.A1) : null"),
        "A1?"
    );
    assert_eq!(reads("if (process.env.A1) { use(process.env.A1) }"), "A1?");
    assert_eq!(reads("process.env.A1 && use(process.env.A1)"), "A1?");
    assert_eq!(
        reads("function f() { if (!process.env.A1) return null; return use(process.env.A1) }"),
        "A1?"
    );
    assert_eq!(reads("console.log(process.env.A1)"), "A1?");
    assert_eq!(reads("process.env.A1 ??= 'x'; use(process.env.A1)"), "A1?");
    assert_eq!(
        reads("if ('A1' in process.env) { use(process.env.A1) }"),
        "A1?"
    );
}

#[test]
fn a_test_elsewhere_is_no_default() {
    assert_eq!(
        reads("console.log(process.env.A1 ? 1 : 2)\nuse(process.env.A1)"),
        "A1? A1"
    );
    assert_eq!(
        reads("function f() { if (!process.env.A1) return }\nuse(process.env.A1)"),
        "A1? A1"
    );
}

#[test]
fn what_throws_is_needed() {
    assert_eq!(
        reads("if (!process.env.A1) throw new Error('A1'); use(process.env.A1)"),
        "A1"
    );
    assert_eq!(
        reads("if (!process.env.A1 || !process.env.B1) { throw 1 }"),
        "A1 B1"
    );
    assert_eq!(
        reads("if (process.env.NODE_ENV === 'production' && !process.env.A1) { throw 1 }"),
        "A1 NODE_ENV?"
    );
    assert_eq!(
        reads("if (process.env.ON && !process.env.A1) { throw 1 }"),
        "A1? ON?"
    );
    assert_eq!(
        reads("if (!process.env.A1 && !process.env.B1) { throw 1 }"),
        "A1? B1?"
    );
    assert_eq!(
        reads("if (!process.env.A1) { console.error('no'); process.exit(1) }"),
        "A1"
    );
}

#[test]
fn local_names() {
    assert_eq!(
        reads("const uri = process.env.A1; if (!uri) throw new Error(); connect(uri)"),
        "A1"
    );
    assert_eq!(
        reads("const key = process.env.A1; export const c = key ? new C(key) : null"),
        "A1?"
    );
    assert_eq!(
        reads(
            "function f() { const key = process.env.A1; if (!key) return null; return use(key) }"
        ),
        "A1?"
    );
    assert_eq!(reads("const uri = process.env.A1!; connect(uri)"), "A1");
    assert_eq!(reads("const a = process.env.A1; const b = a || 'x'"), "A1?");
    assert_eq!(reads("export const uri = process.env.A1"), "A1");
    assert_eq!(reads("const uri = process.env.A1; export { uri }"), "A1");
}

#[test]
fn an_empty_text_is_no_default_for_a_credential() {
    assert_eq!(
        reads("f({ clientId: process.env.GOOGLE_CLIENT_ID || '' })"),
        "GOOGLE_CLIENT_ID"
    );
    assert_eq!(
        reads("f(process.env.NEXT_PUBLIC_BASE_PATH || '')"),
        "NEXT_PUBLIC_BASE_PATH?"
    );
}

#[test]
fn alternatives() {
    let module = module(
        "f(process.env.A1 || process.env.B1 || process.env.C1)",
        "a.ts",
    )
    .unwrap();
    let told: Vec<_> = module
        .reads
        .iter()
        .map(|read| {
            (
                read.name.as_str(),
                read.has_default,
                read.alternatives.join(" "),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("A1", true, String::new()),
            ("B1", true, "A1".into()),
            ("C1", false, "A1 B1".into())
        ]
    );
}

#[test]
fn compiled_code() {
    let text =
        "var a, b; const s = (a = process.env.A1) !== null && a !== void 0 ? a : process.env.B1";
    let module = module(text, "a.js").unwrap();
    assert!(module.reads[0].has_default && module.reads[1].alternatives == ["A1"]);
}

#[test]
fn schemas() {
    assert_eq!(
        reads(
            "createEnv({ server: { A1: process.env.NODE_ENV === 'production' ? z.string() : z.string().optional() } })"
        ),
        "A1 NODE_ENV?"
    );
    let text = "createEnv({ server: { A1: z.string().min(1), B1: z.string().optional(), C1: z.enum(['a']).default('a') },
        client: { NEXT_PUBLIC_D: z.string() }, runtimeEnv: { A1: process.env.A1, B1: process.env.B1 } })";
    assert_eq!(reads(text), "A1 B1? C1? A1? B1? NEXT_PUBLIC_D");
    assert_eq!(
        reads("z.object({ A1: z.string(), B1: z.optional(z.string()) }).parse(process.env)"),
        "A1 B1?"
    );
    assert_eq!(
        reads("const S = z.object({ A1: z.url() }).strict(); const env = S.safeParse(process.env)"),
        "A1"
    );
    assert_eq!(
        reads("const S = v.object({ A1: v.optional(v.string()) }); v.parse(S, process.env)"),
        "A1?"
    );
    assert_eq!(
        reads("cleanEnv(process.env, { A1: str(), B1: port({ default: 3000 }) })"),
        "A1 B1?"
    );
    assert_eq!(
        reads("const S = z.object({ A1: z.string() }); S.parse(body)"),
        ""
    );
    assert_eq!(
        module("check(process.env)", "a.ts").unwrap().dynamic.len(),
        1
    );
}

#[test]
fn helpers_and_lists() {
    let text = "function need(name: string) { const v = process.env[name]; if (!v) throw new Error(name); return v }\nconst a = need('A1')";
    let told = module(text, "a.ts").unwrap();
    assert_eq!(
        told.helpers["need"].read(&told.calls[0]).unwrap().name,
        "A1"
    );
    assert!(!told.helpers["need"].has_default && told.dynamic.is_empty());
    let text = "export const get = (name, fallback) => process.env[name] ?? fallback\nget('A1', 'x'); get('B1')";
    let told = module(text, "a.ts").unwrap();
    let helper = &told.helpers["get"];
    assert!(
        helper.read(&told.calls[0]).unwrap().has_default
            && !helper.read(&told.calls[1]).unwrap().has_default
    );
    assert_eq!(
        reads("for (const name of ['A1', 'B1']) { if (!process.env[name]) throw 1 }"),
        "A1 B1"
    );
    assert_eq!(
        reads("const all = ['A1', 'B1'] as const; const gone = all.filter((n) => !process.env[n])"),
        "A1 B1"
    );
    assert_eq!(
        module("f(process.env[name]); f(process.env[`A_${x}`])", "a.ts")
            .unwrap()
            .dynamic
            .len(),
        1
    );
}

#[test]
fn imports_and_directives() {
    let text = "'use client'\nimport a from './a'; import type { B } from './b'; import { type C } from './c';
        export * from './d'; export { e } from './e'; const f = () => import('./f'); const g = require('./g');
        import h = require('./h'); import './i.css'; export type { J } from './j'; import {} from './k'";
    let module = module(text, "a.ts").unwrap();
    assert!(module.client && !module.server_only);
    let imports: Vec<_> = module.imports.iter().map(String::as_str).collect();
    assert_eq!(
        imports,
        ["./a", "./d", "./e", "./f", "./g", "./h", "./i.css", "./k"]
    );
}

#[test]
fn what_the_configuration_defines() {
    let told = module("module.exports = { env: { A1: 'x' } }", "next.config.js").unwrap();
    assert!(told.defines.contains("A1"));
}

#[test]
fn dialects() {
    assert!(module("const a = <T,>(x: T) => x", "a.tsx").is_ok());
    assert!(module("const a = <p>hi</p>", "a.js").is_ok());
    assert!(module("const a: = 3", "a.ts").is_err());
    assert!(module("const { a", "a.ts").is_err());
    assert!(module("", "a.mjs").is_ok());
}

#[test]
fn code_that_would_exhaust_the_stack_is_refused() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("${`", "`}")] {
        for text in [
            open.repeat(500_000),
            format!("{}{}", open.repeat(3_000), close.repeat(3_000)),
        ] {
            let complaint = module(&text, "a.ts").unwrap_err();
            assert!(complaint.contains("nested"), "{complaint}");
        }
    }
    // What is closed again adds nothing.
    assert!(module(&"f([{}]);".repeat(10_000), "a.ts").is_ok());
    // What is let through has room on the stack that the survey gives.
    let deep = || {
        module(
            &format!("f({}1{})", "(".repeat(1_999), ")".repeat(1_999)),
            "a.ts",
        )
    };
    let survey = std::thread::Builder::new().stack_size(64 << 20);
    assert!(survey.spawn(deep).unwrap().join().unwrap().is_ok());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[ -~\\n]{0,200}") {
        let _ = module(&text, "a.tsx");
    }

    #[test]
    fn every_name_is_found(name in "[A-Z][A-Z0-9_]{1,20}") {
        prop_assert_eq!(reads(&format!("f(process.env.{name})")), name);
    }
}
