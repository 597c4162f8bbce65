import OpenAI from "openai";

const client = new OpenAI({ maxRetries: 0 });
const ids = [];
for await (const model of await client.models.list()) ids.push(model.id);
console.log(JSON.stringify(ids.sort()));
