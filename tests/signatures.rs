//! Signatures of people, held to OpenSSH itself: what either side makes the other accepts, and what either
//! side refuses the other refuses, save where holdpoint is named to be stricter.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/mod.rs"]
mod support;

use holdpoint::attest::{
    Key, PublicKey, Refusal, Revoked, SignFault, Signed, Signers, agent_keys, sign, sign_raw,
    signer, verify,
};
use holdpoint::diagnostic::Source;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::openssh::{Claim, OpenSsh};
use support::peers::peer;

const MESSAGE: &[u8] = b"{\"gate\":\"infrastructure\",\"decision\":\"go\"}\n";
const FOR: &str = "infrastructure@holdpoint";
const NOW: &str = "20260601120000Z";

const KINDS: [(&str, &[&str]); 5] = [
    ("ed25519", &["-t", "ed25519"]),
    ("ecdsa-256", &["-t", "ecdsa", "-b", "256"]),
    ("ecdsa-384", &["-t", "ecdsa", "-b", "384"]),
    ("ecdsa-521", &["-t", "ecdsa", "-b", "521"]),
    ("rsa-3072", &["-t", "rsa", "-b", "3072"]),
];

fn moment(text: &str) -> Timestamp {
    jiff::fmt::strtime::parse("%Y%m%d%H%M%SZ", text)
        .unwrap()
        .to_datetime()
        .unwrap()
        .to_zoned(TimeZone::UTC)
        .unwrap()
        .timestamp()
}

/// What we say to a claim.
fn ours(claim: &Claim<'_>) -> Result<(), Refusal> {
    let signers = Signers::parse(&Source::new("allowed_signers", claim.signers)).unwrap();
    let revoked = Revoked::parse(&Source::new("revoked_keys", claim.revoked)).unwrap();
    let Claim {
        message,
        armored,
        namespace,
        principal,
        ..
    } = *claim;
    verify(
        message,
        armored,
        namespace,
        principal,
        moment(claim.at),
        &signers,
        &revoked,
    )
    .map(drop)
}

/// Refused by both, by us for this reason.
fn refused_by_both(ssh: &OpenSsh, claim: &Claim<'_>, kind: &str) {
    assert!(!ssh.accepts(claim), "ssh-keygen takes what is {kind}");
    assert_eq!(ours(claim).unwrap_err().kind(), kind);
}

fn by_file(key: &Path) -> Signed {
    sign(MESSAGE, FOR, &Key::File(key.to_owned()), None).unwrap()
}

#[test]
fn both_sides_take_what_either_makes_and_refuse_the_rest() {
    let Some(ssh) = OpenSsh::find() else { return };
    let (_, stranger) = ssh.key("stranger", KINDS[0].1, "");
    for (name, options) in KINDS {
        let (key, public) = ssh.key(name, options, "");
        let Some(agent) = ssh.agent(&[&key]) else {
            return;
        };
        let held = agent_keys(&agent.socket).unwrap();
        assert_eq!(held, [PublicKey::parse(&public).unwrap()]);
        assert_eq!(held[0].comment(), name);
        let made = [
            by_file(&key).armored,
            sign(MESSAGE, FOR, &Key::Agent(None), Some(&agent.socket))
                .unwrap()
                .armored,
            sign(
                MESSAGE,
                FOR,
                &Key::File(key.with_extension("pub")),
                Some(&agent.socket),
            )
            .unwrap()
            .armored,
            ssh.sign(&key, FOR, MESSAGE, None),
            ssh.sign(
                &key.with_extension("pub"),
                FOR,
                MESSAGE,
                Some(&agent.socket),
            ),
        ];
        let signers = format!("ada@x namespaces=\"*@holdpoint\" {public}\nbob@x {stranger}\n");
        for armored in &made {
            let good = Claim {
                message: MESSAGE,
                armored,
                namespace: FOR,
                principal: "ada@x",
                at: NOW,
                signers: &signers,
                revoked: "",
            };
            assert!(ssh.accepts(&good), "{name}: ssh-keygen refuses {armored}");
            assert_eq!(ours(&good), Ok(()), "{name}");
            assert_eq!(signer(MESSAGE, armored, FOR).unwrap(), held[0]);
        }
        let armored = &made[fastrand::usize(..made.len())];
        let good = Claim {
            message: MESSAGE,
            armored,
            namespace: FOR,
            principal: "ada@x",
            at: NOW,
            signers: &signers,
            revoked: "",
        };
        refused_by_both(
            &ssh,
            &Claim {
                message: b"{}",
                ..good
            },
            "altered",
        );
        refused_by_both(
            &ssh,
            &Claim {
                namespace: "release@holdpoint",
                ..good
            },
            "wrong-namespace",
        );
        refused_by_both(
            &ssh,
            &Claim {
                principal: "bob@x",
                ..good
            },
            "not-listed",
        );
        refused_by_both(
            &ssh,
            &Claim {
                principal: "eve@x",
                ..good
            },
            "not-listed",
        );
        refused_by_both(
            &ssh,
            &Claim {
                signers: "",
                ..good
            },
            "not-listed",
        );
        refused_by_both(
            &ssh,
            &Claim {
                revoked: &public,
                ..good
            },
            "revoked",
        );
        assert!(ssh.accepts(&Claim {
            revoked: &stranger,
            ..good
        }));
        assert_eq!(
            ours(&Claim {
                revoked: &stranger,
                ..good
            }),
            Ok(())
        );
        let narrow = format!("ada@x namespaces=\"*@holdpoint,!infra*\" {public}\n");
        refused_by_both(
            &ssh,
            &Claim {
                signers: &narrow,
                ..good
            },
            "not-permitted",
        );
        let window = format!(
            "ada@x valid-after=\"20260601120001Z\",valid-before=\"202606011300Z\" {public}\n"
        );
        let within = Claim {
            signers: &window,
            ..good
        };
        refused_by_both(&ssh, &within, "not-yet-valid");
        refused_by_both(
            &ssh,
            &Claim {
                at: "20260601130001Z",
                ..within
            },
            "expired",
        );
        for at in ["20260601120001Z", "20260601130000Z"] {
            assert!(ssh.accepts(&Claim { at, ..within }));
            assert_eq!(ours(&Claim { at, ..within }), Ok(()));
        }
    }
}

#[test]
fn ed25519_signatures_are_those_of_ssh_keygen_to_the_byte() {
    let Some(ssh) = OpenSsh::find() else { return };
    let (key, _) = ssh.key("key", KINDS[0].1, "");
    for message in [&b""[..], MESSAGE, &[0xff; 70_000]] {
        let ours = sign(message, FOR, &Key::File(key.clone()), None).unwrap();
        assert_eq!(ours.armored, ssh.sign(&key, FOR, message, None));
    }
}

#[test]
fn no_changed_byte_of_a_signature_is_taken() {
    let Some(ssh) = OpenSsh::find() else { return };
    for (name, options) in [KINDS[0], KINDS[1], KINDS[4]] {
        let (key, public) = ssh.key(name, options, "");
        let armored = by_file(&key).armored;
        let signers = format!("ada {public}\n");
        // An RSA signature is long, and slow to check without optimisation.
        let step = if name == "rsa-3072" { 5 } else { 1 };
        for place in (fastrand::usize(..step)..armored.len()).step_by(step) {
            for bit in [0, fastrand::u32(1..8)] {
                let mut bytes = armored.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(bytes) else {
                    continue;
                };
                let found = signer(MESSAGE, &changed, FOR);
                assert!(
                    found.is_err(),
                    "{name}: byte {place} may be changed:\n{changed}"
                );
            }
        }
        for (changed, kind) in [
            (String::new(), "not-a-signature"),
            (armored.replace('\n', "\r\n"), "not-a-signature"),
            (armored[..armored.len() / 2].to_owned(), "not-a-signature"),
            (format!("x{armored}"), "not-a-signature"),
        ] {
            let claim = Claim {
                message: MESSAGE,
                armored: &changed,
                namespace: FOR,
                principal: "ada",
                at: NOW,
                signers: &signers,
                revoked: "",
            };
            refused_by_both(&ssh, &claim, kind);
        }
        // Stricter: ssh-keygen passes over what follows.
        assert_eq!(
            signer(MESSAGE, &format!("{armored}more\n"), FOR)
                .unwrap_err()
                .kind(),
            "not-a-signature"
        );
    }
}

/// The blob within an armor, and the armor around a blob.
fn blob(armored: &str) -> Vec<u8> {
    use base64::Engine as _;
    let text: String = armored
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

fn armor(blob: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(blob);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(70)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n",
        lines.join("\n")
    )
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [
        &u32::try_from(bytes.len()).unwrap().to_be_bytes()[..],
        bytes,
    ]
    .concat()
}

fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = bytes
        .windows(old.len())
        .position(|part| part == old)
        .unwrap();
    [&bytes[..at], new, &bytes[at + old.len()..]].concat()
}

#[test]
fn weak_and_malleable_forms_are_refused() {
    let Some(ssh) = OpenSsh::find() else { return };
    let (key, public) = ssh.key("rsa", KINDS[4].1, "");
    let armored = by_file(&key).armored;
    let good = blob(&armored);
    assert_eq!(armor(&good), armored);
    let signers = format!("ada {public}\n");
    let claim = |armored| Claim {
        message: MESSAGE,
        armored,
        namespace: FOR,
        principal: "ada",
        at: NOW,
        signers: &signers,
        revoked: "",
    };
    let length = good.len()
        - good
            .windows(12)
            .rposition(|part| part == b"rsa-sha2-512")
            .unwrap()
        + 4;
    let tail = &good[good.len() - length..];
    let old = string(tail);
    // SHA-1, by name.
    let sha1 = [string(b"ssh-rsa"), tail[16..].to_vec()].concat();
    let weak = armor(&replaced(&good, &old, &string(&sha1)));
    refused_by_both(&ssh, &claim(&weak), "weak");
    // An unknown hash.
    let md5 = armor(&replaced(&good, &string(b"sha512"), &string(b"md5")));
    refused_by_both(&ssh, &claim(&md5), "weak");
    // A newer version.
    let newer = armor(&replaced(&good, b"SSHSIG\0\0\0\x01", b"SSHSIG\0\0\0\x02"));
    refused_by_both(&ssh, &claim(&newer), "not-a-signature");
    // Stricter: what nobody signed may not be changed, or the file of a signature would have several forms.
    let older = armor(&replaced(&good, b"SSHSIG\0\0\0\x01", b"SSHSIG\0\0\0\0"));
    let reserved = armor(&replaced(
        &good,
        &[string(FOR.as_bytes()), string(b"")].concat(),
        &[string(FOR.as_bytes()), string(b"extra")].concat(),
    ));
    for stricter in &[older, reserved] {
        assert!(ssh.accepts(&claim(stricter)));
        assert_eq!(
            ours(&claim(stricter)).unwrap_err().kind(),
            "not-a-signature"
        );
    }
    // A short RSA key, where ssh-keygen still makes one.
    let (short, _) = ssh.key("short", &["-t", "rsa", "-b", "1024"], "");
    let theirs = ssh.sign(&short, FOR, MESSAGE, None);
    assert_eq!(signer(MESSAGE, &theirs, FOR).unwrap_err().kind(), "weak");
    let fault = sign(MESSAGE, FOR, &Key::File(short), None).unwrap_err();
    assert!(matches!(fault, SignFault::Unsupported { .. }), "{fault:?}");
}

/// A security key made in software: the signature covers flags and a counter besides.
#[test]
fn a_security_key_must_have_been_touched() {
    use sha2::{Digest as _, Sha256, Sha512};
    use ssh_key::private::Ed25519Keypair;
    let Some(ssh) = OpenSsh::find() else { return };
    let pair = Ed25519Keypair::from_seed(&[7; 32]);
    let public = [
        string(b"sk-ssh-ed25519@openssh.com"),
        string(&pair.public.0),
        string(b"ssh:"),
    ]
    .concat();
    let data = [
        b"SSHSIG".to_vec(),
        string(FOR.as_bytes()),
        string(b""),
        string(b"sha512"),
        string(&Sha512::digest(MESSAGE)),
    ]
    .concat();
    let line = {
        use base64::Engine as _;
        format!(
            "ada sk-ssh-ed25519@openssh.com {}\n",
            base64::engine::general_purpose::STANDARD.encode(&public)
        )
    };
    for (flags, touched) in [(1_u8, true), (5, true), (0, false), (4, false)] {
        let extra = [&[flags][..], &9_u32.to_be_bytes()].concat();
        let signed = [&Sha256::digest(b"ssh:")[..], &extra, &Sha256::digest(&data)].concat();
        let signature = rsa::signature::Signer::<ssh_key::Signature>::sign(&pair, &signed);
        let signature = [
            string(b"sk-ssh-ed25519@openssh.com"),
            string(signature.as_bytes()),
            extra,
        ]
        .concat();
        let armored = armor(
            &[
                b"SSHSIG\0\0\0\x01".to_vec(),
                string(&public),
                string(FOR.as_bytes()),
                string(b""),
                string(b"sha512"),
                string(&signature),
            ]
            .concat(),
        );
        let claim = Claim {
            message: MESSAGE,
            armored: &armored,
            namespace: FOR,
            principal: "ada",
            at: NOW,
            signers: &line,
            revoked: "",
        };
        // Stricter: OpenSSH asks for no touch.
        assert!(ssh.accepts(&claim));
        match ours(&claim) {
            Ok(()) => assert!(touched),
            Err(refusal) => assert_eq!((refusal.kind(), touched), ("untouched", false)),
        }
    }
}

#[test]
fn the_agent_is_asked_for_the_key_that_is_meant() {
    let Some(ssh) = OpenSsh::find() else { return };
    let (one, _) = ssh.key("one", KINDS[0].1, "");
    let (two, line) = ssh.key("two", KINDS[1].1, "");
    let (other, _) = ssh.key("other", KINDS[0].1, "");
    let two_key = PublicKey::parse(&line).unwrap();
    let Some(agent) = ssh.agent(&[]) else { return };
    let by = |wanted: Option<&str>| {
        sign(
            MESSAGE,
            FOR,
            &Key::Agent(wanted.map(str::to_owned)),
            Some(&agent.socket),
        )
    };
    assert_eq!(by(None).unwrap_err(), SignFault::NoKeys);
    agent.add(&[], &one);
    agent.add(&[], &two);
    let Err(SignFault::Ambiguous { held }) = by(None) else {
        panic!("two keys are held")
    };
    assert_eq!(held.len(), 2);
    let public = two.with_extension("pub");
    for wanted in [&*two_key.fingerprint(), "two", public.to_str().unwrap()] {
        let made = by(Some(wanted)).unwrap();
        assert_eq!(
            (made.key, made.fingerprint),
            (two_key.clone(), two_key.fingerprint())
        );
    }
    for wanted in [
        "three",
        "SHA256:none",
        other.with_extension("pub").to_str().unwrap(),
    ] {
        let Err(SignFault::NotHeld { held, .. }) = by(Some(wanted)) else {
            panic!("{wanted}")
        };
        assert_eq!(held.len(), 2);
    }
    // A public half whose private one is beside it needs no agent; one that has neither has nothing.
    assert!(sign(MESSAGE, FOR, &Key::File(public.clone()), None).is_ok());
    let alone = ssh.write(
        "alone.pub",
        std::fs::read(other.with_extension("pub")).unwrap(),
    );
    let fault = |socket| sign(MESSAGE, FOR, &Key::File(alone.clone()), socket).unwrap_err();
    assert_eq!(fault(None), SignFault::NoAgent);
    assert!(matches!(
        fault(Some(&agent.socket)),
        SignFault::NotHeld { .. }
    ));
    // Its owner says no.
    let refusing = ssh.agent(&[]).unwrap();
    refusing.add(&["-c"], &one);
    let fault = sign(MESSAGE, FOR, &Key::Agent(None), Some(&refusing.socket)).unwrap_err();
    assert!(matches!(fault, SignFault::Declined { .. }), "{fault:?}");
}

#[test]
fn an_agent_that_is_gone_or_none_is_said() {
    use std::os::unix::net::UnixListener;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent");
    assert_eq!(
        sign(MESSAGE, FOR, &Key::Agent(None), None).unwrap_err(),
        SignFault::NoAgent
    );
    let fault = agent_keys(&socket).unwrap_err();
    assert!(
        fault.to_string().contains(socket.to_str().unwrap()),
        "{fault}"
    );
    let listener = UnixListener::bind(&socket).unwrap();
    for answer in [
        &b""[..],
        b"\0\0\0\x01\x05",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\0\0\0\x05\x0c\0\0\0\x09",
    ] {
        let answers = std::thread::spawn({
            let listener = listener.try_clone().unwrap();
            move || {
                use std::io::{Read as _, Write as _};
                let (mut stream, _) = listener.accept().unwrap();
                let mut question = [0; 5];
                stream.read_exact(&mut question).unwrap();
                stream.write_all(answer).unwrap();
            }
        });
        let fault = agent_keys(&socket).unwrap_err();
        assert!(matches!(fault, SignFault::Agent { .. }), "{fault:?}");
        answers.join().unwrap();
    }
}

#[test]
fn files_that_are_no_keys_or_no_secrets_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(ssh) = OpenSsh::find() else { return };
    let fault = |path: PathBuf| sign(MESSAGE, FOR, &Key::File(path), None).unwrap_err();
    assert!(matches!(
        fault(ssh.path("none")),
        SignFault::Unreadable { .. }
    ));
    assert!(matches!(fault(ssh.path("")), SignFault::Unreadable { .. }));
    for content in [&b"hello\n"[..], b"", &[0xff, 0xfe, 0]] {
        let fault = fault(ssh.write("text", content));
        assert!(
            matches!(
                fault,
                SignFault::NotAKey { .. } | SignFault::Unreadable { .. }
            ),
            "{fault:?}"
        );
    }
    let (key, _) = ssh.key("key", KINDS[0].1, "");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(fault(key.clone()), SignFault::Unprotected { .. }));
    // As ssh-keygen has it.
    let file = key.to_str().unwrap();
    assert!(
        !ssh.keygen(&["-Y", "sign", "-n", FOR, "-f", file], MESSAGE)
            .status
            .success()
    );
}

/// Run by the tests below in a process of its own, since ssh-keygen asks what the environment names.
#[test]
#[ignore = "called by other tests, with an environment"]
fn signs_in_a_process_of_its_own() {
    let variable = |name| support::peers::variable(name).map(PathBuf::from);
    let Some(key) = variable("SIGNATURES_KEY") else {
        return;
    };
    match sign(MESSAGE, FOR, &Key::File(key), None) {
        Ok(made) => std::fs::write(variable("SIGNATURES_TO").unwrap(), made.armored).unwrap(),
        Err(fault) => {
            std::fs::write(variable("SIGNATURES_TO").unwrap(), format!("{fault:?}")).unwrap()
        }
    }
}

fn in_a_process(ssh: &OpenSsh, key: &Path, environment: &[(&str, &str)]) -> String {
    let to = ssh.path(&format!("to-{}", fastrand::u64(..)));
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "signs_in_a_process_of_its_own", "--ignored"])
        .env_remove("SSH_AUTH_SOCK")
        .env_remove("DISPLAY")
        .env("SIGNATURES_KEY", key)
        .env("SIGNATURES_TO", &to)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    std::fs::read_to_string(to).unwrap()
}

#[test]
fn keys_behind_a_passphrase_or_in_old_forms_are_left_to_ssh_keygen() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(ssh) = OpenSsh::find() else { return };
    let (locked, locked_line) = ssh.key("locked", KINDS[0].1, "open sesame");
    let (old, old_line) = ssh.key("old", &["-t", "rsa", "-b", "2048", "-m", "PEM"], "");
    let ask = ssh.write("ask", "#!/bin/sh\necho \"$SIGNATURES_ANSWER\"\n");
    std::fs::set_permissions(&ask, std::fs::Permissions::from_mode(0o755)).unwrap();
    let ask = ask.to_str().unwrap();
    let answering = |answer| {
        [
            ("SSH_ASKPASS", ask),
            ("SSH_ASKPASS_REQUIRE", "force"),
            ("SIGNATURES_ANSWER", answer),
        ]
    };
    for (key, line, answer) in [(&locked, locked_line, "open sesame"), (&old, old_line, "")] {
        let armored = in_a_process(&ssh, key, &answering(answer));
        let signers = format!("ada {line}\n");
        let claim = Claim {
            message: MESSAGE,
            armored: &armored,
            namespace: FOR,
            principal: "ada",
            at: NOW,
            signers: &signers,
            revoked: "",
        };
        assert!(ssh.accepts(&claim), "{armored}");
        assert_eq!(ours(&claim), Ok(()));
    }
    let said = in_a_process(&ssh, &locked, &answering("wrong"));
    assert!(said.starts_with("Keygen"), "{said}");
    let said = in_a_process(&ssh, &locked, &[("PATH", "/nowhere")]);
    assert!(said.starts_with("NoKeygen"), "{said}");
    let raw = sign_raw(b"DSSEv1 1 a 1 b", &Key::File(locked), None).unwrap_err();
    assert!(raw.to_string().contains("ssh-add"), "{raw}");
}

#[test]
fn openssl_verifies_envelopes() {
    let (Some(ssh), Some(openssl)) = (OpenSsh::find(), peer("openssl")) else {
        return;
    };
    let bytes = b"DSSEv1 28 application/vnd.in-toto+json 2 {}";
    let message = ssh.write("bytes", bytes);
    for (name, options) in KINDS {
        let (key, _) = readable_key(&ssh, name, options);
        let Some(agent) = ssh.agent(&[&key]) else {
            return;
        };
        let made = [
            sign_raw(bytes, &Key::File(key.clone()), None).unwrap(),
            sign_raw(bytes, &Key::Agent(None), Some(&agent.socket)).unwrap(),
        ];
        for made in made {
            let digest = match made.algorithm {
                "ed25519" => "",
                "ecdsa-p256-sha256" => "sha256",
                "ecdsa-p384-sha384" => "sha384",
                "ecdsa-p521-sha512" | "rsa-pkcs1v15-sha512" => "sha512",
                other => panic!("{other}"),
            };
            let pem = ssh.write("key.pem", made.key.spki_pem().unwrap());
            let verifies = |signature: &[u8]| {
                let signature = ssh.write("signature", signature);
                let mut command = Command::new(&openssl);
                command
                    .args(["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey"])
                    .arg(&pem);
                if !digest.is_empty() {
                    command.args(["-digest", digest]);
                }
                command
                    .arg("-in")
                    .arg(&message)
                    .arg("-sigfile")
                    .arg(signature);
                command
                    .stdin(Stdio::null())
                    .output()
                    .unwrap()
                    .status
                    .success()
            };
            assert!(verifies(&made.signature), "{name}");
            let mut changed = made.signature.clone();
            *changed.last_mut().unwrap() ^= 1;
            assert!(!verifies(&changed), "{name}");
        }
        // Bytes that could stand for something else are not signed.
        let fault = sign_raw(b"SSHSIG", &Key::File(key), None).unwrap_err();
        assert!(matches!(fault, SignFault::Unsupported { .. }));
    }
}

#[test]
fn nothing_of_a_private_key_is_shown() {
    let Some(ssh) = OpenSsh::find() else { return };
    for (name, options) in KINDS {
        let (key, secret) = readable_key(&ssh, name, options);
        assert!(secret.len() >= 32);
        let broken = ssh.path("broken");
        std::fs::copy(&key, &broken).unwrap();
        let text = std::fs::read_to_string(&key).unwrap();
        std::fs::write(&broken, text.replacen("AAAA", "BBBB", 1)).unwrap();
        let shown = format!(
            "{:?} {:?} {:?}",
            by_file(&key),
            sign_raw(b"DSSEv1 ", &Key::File(key.clone()), None).unwrap(),
            sign(b"", FOR, &Key::File(broken), None).unwrap_err()
        );
        for part in secret.windows(12) {
            use base64::Engine as _;
            let base64 = base64::engine::general_purpose::STANDARD.encode(part);
            let hex: String = part.iter().map(|byte| format!("{byte:02x}")).collect();
            let list = format!("{part:?}");
            for form in [&base64, &hex, list.trim_matches(['[', ']'])] {
                assert!(
                    !shown.to_lowercase().contains(&form.to_lowercase()),
                    "{name}"
                );
            }
        }
    }
}

/// A key's file that can be read here, and its secret numbers. Those of elliptic curves that begin with a zero
/// byte cannot, which is every second on P-521; they are left to ssh-keygen.
fn readable_key(ssh: &OpenSsh, name: &str, options: &[&str]) -> (PathBuf, Vec<u8>) {
    for attempt in 0..40 {
        let (path, _) = ssh.key(&format!("{name}-{attempt}"), options, "");
        if let Ok(key) = ssh_key::PrivateKey::read_openssh_file(&path) {
            return (path, private_bytes(&key));
        }
    }
    panic!("no key of {name} can be read");
}

fn private_bytes(key: &ssh_key::PrivateKey) -> Vec<u8> {
    use ssh_key::private::{EcdsaKeypair, KeypairData};
    match key.key_data() {
        KeypairData::Ed25519(pair) => pair.private.to_bytes().to_vec(),
        KeypairData::Rsa(pair) => [&pair.private.d, &pair.private.p, &pair.private.q]
            .map(|number| number.as_bytes().to_vec())
            .concat(),
        KeypairData::Ecdsa(EcdsaKeypair::NistP256 { private, .. }) => private.as_slice().to_vec(),
        KeypairData::Ecdsa(EcdsaKeypair::NistP384 { private, .. }) => private.as_slice().to_vec(),
        KeypairData::Ecdsa(EcdsaKeypair::NistP521 { private, .. }) => private.as_slice().to_vec(),
        other => panic!("{other:?}"),
    }
}

/// A line of allowed signers, drawn so that most lines are good and many are nearly so.
fn drawn(key: &str, other: &str) -> String {
    fn any<'a>(words: &[&'a str]) -> &'a str {
        words[fastrand::usize(..words.len())]
    }
    let list = |words: &[&str], count: usize| {
        let names: Vec<_> = (0..fastrand::usize(1..=count))
            .map(|_| any(words))
            .collect();
        names.join(",")
    };
    let names = [
        "ada@x", "*", "*@x", "a?a@x", "!ada@x", "bob", "!*@y", "ADA@x", "ada@x*", "ada", "", "é*",
        "*d*@*", "????x",
    ];
    let spaces = [
        "*",
        "infra*",
        FOR,
        "!infra*",
        "*@holdpoint",
        "git",
        "!git",
        "infrastructure?holdpoint",
        "INFRA*",
        "",
    ];
    let times = [
        "20260601Z",
        "20260602Z",
        "202606011200Z",
        "20260601120000Z",
        "20260601120001Z",
        "20260601115959z",
        "20260531UTC",
        "19700101Z",
        "2026Z",
        "20261301Z",
        "x",
    ];
    let mut principals = list(&names, 3);
    if fastrand::u8(..8) == 0 {
        principals = format!("\"{principals}\"");
    }
    let mut options = Vec::new();
    for _ in 0..fastrand::usize(..3) {
        let quote = any(&["\"", "\"", "\"", "\"", "\"", "\"", "\"", "\"", "\"", ""]);
        options.push(match fastrand::u8(..3) {
            0 => format!(
                "{}={quote}{}\"",
                any(&["namespaces", "NAMESPACES", "Namespaces", "namespace"]),
                list(&spaces, 3)
            ),
            1 => format!("valid-after={quote}{}\"", any(&times)),
            _ => format!("Valid-Before={quote}{}\"", any(&times)),
        });
    }
    let comma = any(&[",", ",", ",", ",", ",", ",", ", ", ",,"]);
    let options = options.join(comma);
    let blank = any(&[" ", " ", "\t", "  "]);
    let key = if fastrand::u8(..6) == 0 { other } else { key };
    let key = key.replacen(' ', any(&[" ", " ", "\t", "  "]), 1);
    let before = any(&["", "", "", " ", "\t", "#"]);
    let after = any(&["", "", " a comment", "\r"]);
    format!("{before}{principals}{blank}{options}{blank}{key}{after}\n")
}

/// Where we refuse a list, ssh-keygen takes nothing of it either; where we read one, both answer alike.
///
/// Known differences, in all of which we are the stricter: a list with a mistake in one line is refused whole,
/// where ssh-keygen goes on with the next line; so are the lines that it reads in another way than they look:
/// times without Z (in the zone of the machine), days that are not in the calendar (30 February becomes 2 March),
/// quotes within a name, empty names, names with spaces, empty options, and certificate authorities.
#[test]
fn lists_of_signers_are_read_as_ssh_keygen_reads_them() {
    let Some(ssh) = OpenSsh::find() else { return };
    let (key, public) = ssh.key("key", KINDS[0].1, "");
    let (_, other) = ssh.key("other", KINDS[0].1, "");
    let armored = by_file(&key).armored;
    let (mut taken, mut refused, mut unread, mut stricter) = (0, 0, 0, 0);
    for _ in 0..600 {
        let count = fastrand::usize(1..=2);
        let lines: Vec<_> = (0..count).map(|_| drawn(&public, &other)).collect();
        let signers = lines.concat();
        let claim = Claim {
            message: MESSAGE,
            armored: &armored,
            namespace: FOR,
            principal: "ada@x",
            at: NOW,
            signers: &signers,
            revoked: "",
        };
        let theirs = ssh.accepts(&claim);
        if let Err(problems) = Signers::parse(&Source::new("allowed_signers", &signers)) {
            unread += 1;
            if theirs {
                stricter += 1;
                let named = [
                    "name is missing",
                    "option is missing",
                    "matches nobody",
                    "space in a name",
                ];
                let known = |text: &str| count > 1 || named.iter().any(|name| text.contains(name));
                assert!(
                    problems.iter().any(|one| known(&one.render(false))),
                    "{signers}{problems:?}"
                );
            }
            continue;
        }
        assert_eq!(ours(&claim).is_ok(), theirs, "{signers}{:?}", ours(&claim));
        if theirs { taken += 1 } else { refused += 1 }
    }
    // The draw says something on each side.
    assert!(
        taken > 60 && refused > 60 && unread > 20,
        "{taken} {refused} {unread} {stricter}"
    );
}

#[test]
fn where_we_are_stricter_than_ssh_keygen_is_known() {
    let Some(ssh) = OpenSsh::find() else { return };
    let (key, public) = ssh.key("key", KINDS[0].1, "");
    let armored = by_file(&key).armored;
    for (line, words) in [
        ("ada valid-after=\"20260101\" KEY", "UTC"),
        ("ada valid-before=\"20270230Z\" KEY", "not a time"),
        ("a\"da\" KEY", "quote within a name"),
        ("ada, KEY", "a name is missing"),
        ("ada ,namespaces=\"*\" KEY", "an option is missing"),
        ("ada namespaces=\"*,\" KEY", "a name is missing"),
        (
            "eve cert-authority KEY\nada KEY",
            "certificates are not supported",
        ),
        ("eve\nada KEY", "the key is missing"),
    ] {
        let signers = format!("{}\n", line.replace("KEY", &public));
        let claim = Claim {
            message: MESSAGE,
            armored: &armored,
            namespace: FOR,
            principal: "ada",
            at: NOW,
            signers: &signers,
            revoked: "",
        };
        assert!(ssh.accepts(&claim), "{line}");
        let problems = Signers::parse(&Source::new("allowed_signers", &signers)).unwrap_err();
        assert!(problems[0].to_string().contains(words), "{}", problems[0]);
    }
}

#[test]
fn lists_of_revoked_keys_are_read_as_ssh_keygen_reads_them() {
    let Some(ssh) = OpenSsh::find() else { return };
    let (key, public) = ssh.key("key", KINDS[0].1, "");
    let (_, other) = ssh.key("other", KINDS[1].1, "");
    let armored = by_file(&key).armored;
    let signers = format!("ada {public}\n");
    let print = PublicKey::parse(&public).unwrap().fingerprint();
    for (revoked, good) in [
        (format!("# none\n\n{other}\n"), true),
        (format!("{other}\n  {public} with a comment\n"), false),
        (format!("# {public}\n"), true),
    ] {
        let claim = Claim {
            message: MESSAGE,
            armored: &armored,
            namespace: FOR,
            principal: "ada",
            at: NOW,
            signers: &signers,
            revoked: &revoked,
        };
        assert_eq!(
            (ssh.accepts(&claim), ours(&claim).is_ok()),
            (good, good),
            "{revoked}"
        );
    }
    // What is no key: ssh-keygen takes no signature at all with such a list, and we do not read it.
    for revoked in [
        format!("{print}\n"),
        format!("{other}\nnonsense\n"),
        format!("restrict {other}\n"),
    ] {
        let claim = Claim {
            message: MESSAGE,
            armored: &armored,
            namespace: FOR,
            principal: "ada",
            at: NOW,
            signers: &signers,
            revoked: &revoked,
        };
        assert!(!ssh.accepts(&claim), "{revoked}");
        assert!(
            Revoked::parse(&Source::new("revoked_keys", &revoked)).is_err(),
            "{revoked}"
        );
    }
    let list = ssh.path("list");
    let output = ssh.keygen(
        &[
            "-k",
            "-f",
            list.to_str().unwrap(),
            key.with_extension("pub").to_str().unwrap(),
        ],
        b"",
    );
    assert!(output.status.success(), "{output:?}");
    let problem =
        holdpoint::attest::text_of("revoked_keys", &std::fs::read(list).unwrap()).unwrap_err();
    assert!(
        problem.to_string().contains("binary key revocation list"),
        "{problem}"
    );
}
