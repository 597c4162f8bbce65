import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
try {
    await client.chat.completions.create({
        model: process.argv[2] ?? "m1", messages: [{ role: "user", content: "Say hello." }],
    });
    console.log(JSON.stringify({ class: "none" }));
} catch (error) {
    console.log(JSON.stringify({ class: error.constructor.name, status: error.status, code: error.code }));
}
