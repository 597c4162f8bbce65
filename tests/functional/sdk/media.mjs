import OpenAI, { toFile } from "openai";

const client = new OpenAI({ maxRetries: 0 });
const sound = await toFile(Buffer.from("RIFF is not what this is"), "talk.mp3");
const picture = await toFile(Buffer.from([0x89, 0x50, 0x4e, 0x47]), "hat.png", { type: "image/png" });

const made = await client.images.generate({ model: "gpt-image-1", prompt: "a hat", n: 2 });
const edited = await client.images.edit({ model: "gpt-image-1", image: picture, prompt: "another hat" });
const varied = await client.images.createVariation({ image: picture });
const events = [];
for await (const event of await client.images.generate({ model: "gpt-image-1", prompt: "a hat", stream: true, partial_images: 2 }))
    events.push(event.type);

const speech = await client.audio.speech.create({ model: "tts-1", voice: "alloy", input: "Hello." });
const heard = await client.audio.transcriptions.create({ model: "whisper-1", file: sound });
const subtitles = await client.audio.transcriptions.create({ model: "whisper-1", file: sound, response_format: "srt" });
const words = [];
for await (const event of await client.audio.transcriptions.create({ model: "gpt-4o-transcribe", file: sound, stream: true }))
    words.push(event.type === "transcript.text.delta" ? event.delta : event.usage.output_tokens);
const translated = await client.audio.translations.create({ model: "whisper-1", file: sound });
console.log(JSON.stringify({
    images: [made.data.length, edited.data.length, varied.data.length],
    used: made.usage.output_tokens,
    events,
    spoken: (await speech.arrayBuffer()).byteLength,
    heard: heard.text,
    subtitles: subtitles.split("\n")[0],
    words,
    translated: translated.text,
}));
