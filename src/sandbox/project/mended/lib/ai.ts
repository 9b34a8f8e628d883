import { GoogleGenAI } from "@google/genai";

const ai = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY! });

export async function suggest(titles: string[]) {
  const answer = await ai.models.generateContent({
    model: "gemini-2.5-flash",
    contents: `Name the next step in one sentence. Open tasks: ${titles.join("; ")}`,
  });
  return answer.text ?? null;
}
