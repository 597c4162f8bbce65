// One program for each way that developers use @google/genai: node genai.mjs CASE [TEXT]
import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from "@google/genai";

const ai = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY, httpOptions: { baseUrl: process.env.GEMINI_BASE_URL } });
const [name, said = "Say hello."] = process.argv.slice(2);
const model = process.env.MODEL ?? "m1";
const ask = { model, contents: said };
const functionDeclarations = [{
    name: "weather", description: "The weather of a city.",
    parametersJsonSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
}];
const tools = { tools: [{ functionDeclarations }], toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } } };
const print = (value) => console.log(JSON.stringify(value));
const seen = (reply) => ({
    finish: reply.candidates?.[0]?.finishReason, usage: reply.usageMetadata, model: reply.modelVersion,
    text: (reply.candidates?.[0]?.content?.parts ?? []).map((part) => part.text ?? "").join(""),
    calls: reply.functionCalls ?? [], request_id: reply.sdkHttpResponse?.headers?.["x-request-id"],
});
const texts_of = async (stream) => {
    const texts = [];
    let last;
    for await (const chunk of stream) {
        last = chunk;
        for (const part of chunk.candidates?.[0]?.content?.parts ?? []) if (part.text) texts.push(part.text);
    }
    return { ...seen(last), texts, text: texts.join("") };
};

const cases = {
    async chat() {
        print(seen(await ai.models.generateContent(ask)));
    },
    async stream() {
        print(await texts_of(await ai.models.generateContentStream(ask)));
    },
    async tools() {
        const first = await ai.models.generateContent({ ...ask, config: tools });
        const call = first.functionCalls[0];
        const contents = [
            { role: "user", parts: [{ text: said }] }, first.candidates[0].content,
            { role: "user", parts: [{ functionResponse: { id: call.id, name: call.name, response: { output: "sunny" } } }] },
        ];
        const second = await ai.models.generateContent({ model, contents, config: { tools: tools.tools } });
        print({ first: seen(first), second: seen(second) });
    },
    async "tools-stream"() {
        const calls = [];
        for await (const chunk of await ai.models.generateContentStream({ ...ask, config: tools })) calls.push(...(chunk.functionCalls ?? []));
        print(calls);
    },
    async image() {
        const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=";
        const contents = [{ inlineData: { mimeType: "image/png", data: pixel } }, { text: said }];
        print(seen(await ai.models.generateContent({ model, contents })));
    },
    async structured() {
        const config = { responseMimeType: "application/json", responseJsonSchema: functionDeclarations[0].parametersJsonSchema };
        print(JSON.parse((await ai.models.generateContent({ ...ask, config })).text));
    },
    async conversation() {
        const chat = ai.chats.create({ model });
        await texts_of(await chat.sendMessageStream({ message: said }));
        print({ ...seen(await chat.sendMessage({ message: said })), turns: chat.getHistory(true).map((turn) => turn.role) });
    },
    async abort() {
        const controller = new AbortController();
        let texts = 0;
        const stream = await ai.models.generateContentStream({ ...ask, config: { abortSignal: controller.signal } });
        try {
            for await (const chunk of stream) if (chunk.text && ++texts === 3) controller.abort();
        } catch (error) {
            if (error instanceof ApiError) throw error;
        }
        print({ texts });
    },
    async models() {
        const names = [];
        for await (const listed of await ai.models.list()) names.push(listed.name);
        print(names.sort());
    },
    async embed() {
        const reply = await ai.models.embedContent({ model, contents: [said, "Another text."], config: { outputDimensionality: 16 } });
        print({ lengths: reply.embeddings.map((vector) => vector.values.length), first: reply.embeddings[0].values });
    },
    async "embed-task"() {
        const reply = await ai.models.embedContent({ model, contents: said, config: { taskType: "RETRIEVAL_QUERY" } });
        print({ lengths: reply.embeddings.map((vector) => vector.values.length) });
    },
    async count() {
        print((await ai.models.countTokens({ model, contents: said })).totalTokens);
    },
    async refused() {
        print(seen(await ai.models.generateContent({ ...ask, config: { cachedContent: "cachedContents/1" } })));
    },
};

try {
    await cases[name]();
} catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const body = JSON.parse(error.message.slice(error.message.indexOf("{")));
    print({ class: error.name, status: error.status ?? null, said: body.error.status });
}
