import OpenAI from "openai";

// One conversation with the Responses API, as the case asks; prints what was seen.
const client = new OpenAI({ maxRetries: 0 });
const [which, model = "m1"] = process.argv.slice(2);
const weather = {
    type: "function", name: "weather", strict: false,
    parameters: { type: "object", properties: { text: { type: "string" } } },
};

const cases = {
    async plain() {
        const reply = await client.responses.create({ model, input: "hello [[sim:echo]]", instructions: "Be brief." });
        return { text: reply.output_text, status: reply.status, usage: reply.usage, id: reply.id };
    },
    async stream() {
        const seen = { types: [], text: "", numbers: [] };
        const stream = await client.responses.create({ model, input: "one two three [[sim:echo]]", stream: true });
        for await (const event of stream) {
            seen.types.push(event.type);
            seen.numbers.push(event.sequence_number);
            if (event.type === "response.output_text.delta") seen.text += event.delta;
            if (event.type === "response.completed") seen.usage = event.response.usage;
        }
        return seen;
    },
    async helper() {
        const stream = client.responses.stream({ model, input: "four five [[sim:echo]]" });
        const final = await stream.finalResponse();
        return { text: final.output_text };
    },
    async tools() {
        const input = [{ role: "user", content: "what is it? [[sim:tool=weather]]" }];
        const first = await client.responses.create({ model, input, tools: [weather] });
        const call = first.output.find((item) => item.type === "function_call");
        const next = [...input, ...first.output, { type: "function_call_output", call_id: call.call_id, output: "sunny" },
            { role: "user", content: "so [[sim:echo]]" }];
        const second = await client.responses.create({ model, input: next, tools: [weather] });
        return { name: call.name, arguments: JSON.parse(call.arguments), text: second.output_text };
    },
    async structured() {
        const format = {
            type: "json_schema", name: "person", strict: true,
            schema: {
                type: "object", properties: { name: { type: "string" } }, required: ["name"], additionalProperties: false,
            },
        };
        const reply = await client.responses.parse({ model, input: '{"name":"Ada"} [[sim:echo]]', text: { format } });
        return { text: reply.output_text, format: reply.text.format.type };
    },
    async conversation() {
        const first = await client.responses.create({ model, input: "first" });
        const second = await client.responses.create({ model, input: "second", previous_response_id: first.id });
        const stored = await client.responses.retrieve(second.id);
        const items = await client.responses.inputItems.list(second.id);
        await client.responses.delete(second.id);
        const gone = await client.responses.retrieve(second.id).then(() => null, (error) => error.status);
        const lost = await client.responses.create({ model, input: "third", previous_response_id: second.id })
            .then(() => null, (error) => error.status);
        const unstored = await client.responses.create({ model, input: "x", store: false });
        const never = await client.responses.retrieve(unstored.id).then(() => null, (error) => error.status);
        return {
            same: stored.output_text === second.output_text && stored.id === second.id, gone, lost, never,
            items: items.data.map((item) => item.content[0].text),
            tokens: [first.usage.input_tokens, second.usage.input_tokens],
        };
    },
    async errors() {
        const error = await client.responses.create({ model: "no-such-model", input: "x" }).catch((caught) => caught);
        const background = await client.responses.create({ model, input: "x", background: true })
            .catch((caught) => caught);
        let broken = null;
        try {
            const stream = await client.responses.create({ model, input: "a b c d [[sim:fault=cut]]", stream: true });
            for await (const _ of stream);
        } catch (caught) {
            broken = caught.constructor.name;
        }
        return { missing: [error.constructor.name, error.status], background: background.status, broken };
    },
    async abort() {
        const stream = await client.responses.create({
            model, input: "[[sim:tokens=1000]] [[sim:itl=50ms]]", stream: true,
        });
        let texts = 0;
        for await (const event of stream) {
            if (event.type === "response.output_text.delta" && ++texts === 2) break;
        }
        return { texts };
    },
};
console.log(JSON.stringify(await cases[which]()));
