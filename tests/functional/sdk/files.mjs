import OpenAI, { toFile } from "openai";

const client = new OpenAI({ maxRetries: 0 });
const lines = await toFile(Buffer.from('{"custom_id":"1"}\n'), "calls.jsonl");
const file = await client.files.create({ file: lines, purpose: "batch" });
const found = await client.files.retrieve(file.id);
const listed = [];
for await (const each of client.files.list())
    listed.push(each.id);
const content = await (await client.files.content(file.id)).text();
const batch = await client.batches.create({
    input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h",
});
const status = (await client.batches.retrieve(batch.id)).status;
const batches = [];
for await (const each of client.batches.list())
    batches.push(each.id);
const cancelled = (await client.batches.cancel(batch.id)).id === batch.id;
const gone = (await client.files.delete(file.id)).deleted;
console.log(JSON.stringify({
    file: file.id, found: found.purpose, listed, lines: content.split("\n").length, batch: batch.id, status, batches,
    cancelled, gone,
}));
