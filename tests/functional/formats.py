"""The chat formats as a test needs them: what a provider of each answers, and what a client of each asks and gets.

Written by hand from the formats' own references, beside the code under test: neither knows the other.
"""
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable

from client import Response
from upstream import Answer, Connection, Request

TEXT = ["Hel", "lo", " w\u00f6rld."]
ARGUMENTS = ['{"city":', '"K\u00f6ln"}']
INPUT, OUTPUT, CACHED = 20, 9, 4  # tokens: all of the input, all of the output, cached input


@dataclass
class Script:
    """What a provider is to say."""
    tool: bool = False       # calls the tool `weather` after its text
    error: str = ""          # breaks off with this error after its first text
    refusal: int = 0         # answers with this status and the error
    cut: bool = False        # closes the connection after its first text


def parsed(request: Request) -> Any:
    return json.loads(request.body)


def sse(connection: Connection, events: list[tuple[str, Any]], last: Callable[[], None]) -> None:
    connection.start_stream()
    for name, data in events:
        named = f"event: {name}\n" if name else ""
        text = data if isinstance(data, str) else json.dumps(data)
        connection.chunk(f"{named}data: {text}\n\n".encode())
    last()


# --- OpenAI chat completions.

def openai_usage() -> dict[str, Any]:
    return {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT,
            "prompt_tokens_details": {"cached_tokens": CACHED}}


def openai_events(script: Script) -> list[tuple[str, Any]]:
    def chunk(delta: Any, finish: str | None = None) -> tuple[str, Any]:
        return "", {"id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 1, "model": "up",
                    "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    events = [chunk({"role": "assistant", "content": ""}), chunk({"content": TEXT[0]})]
    if script.error:
        return [*events, ("", {"error": {"message": script.error, "type": "server_error"}})]
    if script.cut:
        return events
    events += [chunk({"content": text}) for text in TEXT[1:]]
    if script.tool:
        call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
        events.append(chunk({"tool_calls": [call]}))
        events += [chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}) for piece in ARGUMENTS]
    events.append(chunk({}, "tool_calls" if script.tool else "stop"))
    return [*events, ("", {"id": "chatcmpl-up", "choices": [], "usage": openai_usage()}), ("", "[DONE]")]


def openai_document(script: Script) -> Any:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(TEXT)}
    if script.tool:
        message["tool_calls"] = [{"id": "call_1", "type": "function",
                                  "function": {"name": "weather", "arguments": "".join(ARGUMENTS)}}]
    return {"id": "chatcmpl-up", "object": "chat.completion", "created": 1, "model": "up", "usage": openai_usage(),
            "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if script.tool else "stop"}]}


def openai_ask(tool: bool, stream: bool) -> tuple[str, Any]:
    body: dict[str, Any] = {"model": "m1", "stream": stream, "max_completion_tokens": 100, "messages": [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]}
    if stream:
        body["stream_options"] = {"include_usage": True}
    if tool:
        body["tools"] = [{"type": "function", "function": {"name": "weather", "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]
    return "/v1/chat/completions", body


# --- Anthropic messages.

def anthropic_usage(output: int) -> dict[str, Any]:
    return {"input_tokens": INPUT - CACHED, "cache_read_input_tokens": CACHED, "cache_creation_input_tokens": 0,
            "output_tokens": output}


def anthropic_events(script: Script) -> list[tuple[str, Any]]:
    events: list[Any] = [
        {"type": "message_start", "message": {"id": "msg_up", "type": "message", "role": "assistant", "model": "up",
                                              "content": [], "stop_reason": None, "stop_sequence": None,
                                              "usage": anthropic_usage(1)}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": TEXT[0]}}]
    if script.error:
        events.append({"type": "error", "error": {"type": "overloaded_error", "message": script.error}})
    if not script.error and not script.cut:
        events += [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
                   for text in TEXT[1:]]
        events.append({"type": "content_block_stop", "index": 0})
        if script.tool:
            events.append({"type": "content_block_start", "index": 1, "content_block": {
                "type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}})
            events += [{"type": "content_block_delta", "index": 1,
                        "delta": {"type": "input_json_delta", "partial_json": piece}} for piece in ARGUMENTS]
            events.append({"type": "content_block_stop", "index": 1})
        events.append({"type": "message_delta", "usage": anthropic_usage(OUTPUT), "delta": {
            "stop_reason": "tool_use" if script.tool else "end_turn", "stop_sequence": None}})
        events.append({"type": "message_stop"})
    return [(event["type"], event) for event in events]


def anthropic_document(script: Script) -> Any:
    content: list[Any] = [{"type": "text", "text": "".join(TEXT)}]
    if script.tool:
        content.append({"type": "tool_use", "id": "toolu_1", "name": "weather", "input": json.loads("".join(ARGUMENTS))})
    return {"id": "msg_up", "type": "message", "role": "assistant", "model": "up", "content": content,
            "stop_reason": "tool_use" if script.tool else "end_turn", "stop_sequence": None,
            "usage": anthropic_usage(OUTPUT)}


def anthropic_ask(tool: bool, stream: bool) -> tuple[str, Any]:
    body: dict[str, Any] = {"model": "m1", "stream": stream, "max_tokens": 100, "system": "Be brief.",
                            "messages": [{"role": "user", "content": "Hello?"}]}
    if tool:
        body["tools"] = [{"name": "weather", "input_schema": {
            "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]
    return "/v1/messages", body


# --- Gemini.

def gemini_chunk(parts: list[Any], finish: str | None = None) -> Any:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "modelVersion": "up", "responseId": "r-up",
            "usageMetadata": {"promptTokenCount": INPUT, "cachedContentTokenCount": CACHED,
                              "candidatesTokenCount": OUTPUT, "totalTokenCount": INPUT + OUTPUT}}


def gemini_call() -> Any:
    return {"functionCall": {"name": "weather", "args": json.loads("".join(ARGUMENTS))}}


def gemini_events(script: Script) -> list[tuple[str, Any]]:
    events = [gemini_chunk([{"text": TEXT[0]}])]
    if script.error:
        return [("", event) for event in [*events, {"error": {"code": 503, "message": script.error, "status": "UNAVAILABLE"}}]]
    if not script.cut:
        events += [gemini_chunk([{"text": text}]) for text in TEXT[1:]]
        events.append(gemini_chunk([gemini_call()] if script.tool else [{"text": ""}], "STOP"))
    return [("", event) for event in events]


def gemini_document(script: Script) -> Any:
    parts: list[Any] = [{"text": "".join(TEXT)}]
    return gemini_chunk(parts + [gemini_call()] if script.tool else parts, "STOP")


def gemini_ask(tool: bool, stream: bool) -> tuple[str, Any]:
    body: dict[str, Any] = {"systemInstruction": {"parts": [{"text": "Be brief."}]},
                            "contents": [{"role": "user", "parts": [{"text": "Hello?"}]}],
                            "generationConfig": {"maxOutputTokens": 100}}
    if tool:
        body["tools"] = [{"functionDeclarations": [{"name": "weather", "parameters": {
            "type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]}}]}]
    return f"/v1beta/models/m1:{'streamGenerateContent?alt=sse' if stream else 'generateContent'}", body


# --- OpenAI Responses: a client's side only.

def responses_ask(tool: bool, stream: bool) -> tuple[str, Any]:
    body: dict[str, Any] = {"model": "m1", "stream": stream, "max_output_tokens": 100, "instructions": "Be brief.",
                            "input": "Hello?", "store": False}
    if tool:
        body["tools"] = [{"type": "function", "name": "weather", "strict": False, "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]
    return "/v1/responses", body


# --- DashScope's own: a provider's side only.

def dashscope_usage() -> dict[str, Any]:
    return {"input_tokens": INPUT, "output_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT,
            "prompt_tokens_details": {"cached_tokens": CACHED}}


def dashscope_document(script: Script) -> Any:
    choice = openai_document(script)["choices"][0]
    return {"output": {"choices": [choice]}, "usage": dashscope_usage(), "request_id": "r-up"}


def dashscope_events(script: Script) -> list[tuple[str, Any]]:
    def event(message: Any, finish: str = "null") -> tuple[str, Any]:
        return "result", {"output": {"choices": [{"message": {"role": "assistant", "content": "", **message}, "finish_reason": finish}]},
                          "usage": dashscope_usage(), "request_id": "r-up"}
    events = [event({"content": TEXT[0]})]
    if script.error:
        return [*events, ("error", {"code": "InternalError", "message": script.error, "request_id": "r-up"})]
    if script.cut:
        return events
    events += [event({"content": text}) for text in TEXT[1:]]
    if script.tool:
        call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ARGUMENTS[0]}}
        events.append(event({"tool_calls": [call]}))
        events.append(event({"tool_calls": [{"index": 0, "id": "", "type": "function", "function": {"arguments": ARGUMENTS[1]}}]}))
    return [*events, event({}, "tool_calls" if script.tool else "stop")]


# --- Cohere's chat, version 2. It has no cached input.

def cohere_usage() -> dict[str, Any]:
    return {"billed_units": {"input_tokens": INPUT, "output_tokens": OUTPUT}, "tokens": {"input_tokens": INPUT + 60, "output_tokens": OUTPUT}}


def cohere_events(script: Script) -> list[tuple[str, Any]]:
    def event(kind: str, message: Any = None, **more: Any) -> Any:
        return {"type": kind, **({} if message is None else {"delta": {"message": message}}), **more}
    events = [event("message-start", {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}, id="c-up"),
              event("content-start", {"content": {"type": "text", "text": ""}}, index=0),
              event("content-delta", {"content": {"text": TEXT[0]}}, index=0)]
    if script.error:
        events.append({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": script.error}})
    if not script.error and not script.cut:
        events += [event("content-delta", {"content": {"text": text}}, index=0) for text in TEXT[1:]]
        events.append(event("content-end", index=0))
        if script.tool:
            call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
            events.append(event("tool-call-start", {"tool_calls": call}, index=0))
            events += [event("tool-call-delta", {"tool_calls": {"function": {"arguments": piece}}}, index=0) for piece in ARGUMENTS]
            events.append(event("tool-call-end", index=0))
        events.append({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL" if script.tool else "COMPLETE", "usage": cohere_usage()}})
    return [(each["type"], each) for each in events]


def cohere_document(script: Script) -> Any:
    message: dict[str, Any] = {"role": "assistant", "content": [{"type": "text", "text": "".join(TEXT)}]}
    if script.tool:
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "".join(ARGUMENTS)}}]
    return {"id": "c-up", "finish_reason": "TOOL_CALL" if script.tool else "COMPLETE", "message": message, "usage": cohere_usage()}


def cohere_ask(tool: bool, stream: bool) -> tuple[str, Any]:
    body: dict[str, Any] = {"model": "m1", "stream": stream, "max_tokens": 100, "messages": [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]}
    if tool:
        body["tools"] = [{"type": "function", "function": {"name": "weather", "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]
    return "/v2/chat", body


@dataclass
class Provider:
    """One format as providers speak it."""
    kind: str  # the channel's type
    events: Callable[[Script], list[tuple[str, Any]]]
    document: Callable[[Script], Any]
    prefix: str  # of its base URL, behind the host

    def streams(self, request: Request) -> bool:
        return "streamGenerateContent" in request.path or bool(parsed(request).get("stream"))

    def answer(self, script: Script) -> Answer:
        def reply(connection: Connection, request: Request) -> None:
            if script.refusal:
                body = json.dumps({"error": {"message": script.error, "type": "invalid_request_error"}}).encode()
                connection.reply(script.refusal, body)
            elif not self.streams(request):
                connection.reply(200, json.dumps(self.document(script)).encode())
            else:
                sse(connection, self.events(script), connection.cut if script.cut else connection.end_stream)
        return reply


PROVIDERS = {
    "openai": Provider("openai", openai_events, openai_document, "/v1"),
    "anthropic": Provider("anthropic", anthropic_events, anthropic_document, ""),
    "gemini": Provider("gemini", gemini_events, gemini_document, ""),
}


# --- What a client gets, each format reduced to the same few facts.

@dataclass
class Said:
    text: str = ""
    tool: str = ""           # its name
    arguments: Any = None
    finish: str = ""
    input: int = -1          # all of it, as the format counts
    output: int = -1
    error: str = ""


def openai_said(documents: list[Any]) -> Said:
    said, arguments = Said(), ""
    for document in documents:
        if "error" in document:
            said.error = document["error"]["message"]
        for choice in document.get("choices", []):
            what = choice.get("delta") or choice.get("message") or {}
            said.text += what.get("content") or ""
            for call in what.get("tool_calls", []):
                said.tool = call["function"].get("name") or said.tool
                arguments += call["function"].get("arguments", "")
            said.finish = choice.get("finish_reason") or said.finish
        if document.get("usage"):
            said.input, said.output = document["usage"]["prompt_tokens"], document["usage"]["completion_tokens"]
    said.arguments = json.loads(arguments) if arguments else None
    return said


def anthropic_said(documents: list[Any]) -> Said:
    said, arguments = Said(), ""
    for document in documents:
        kind = document["type"]
        message = document.get("message") if kind == "message_start" else document if kind == "message" else None
        blocks = message["content"] if message else [document["content_block"]] if kind == "content_block_start" else []
        for block in blocks:
            said.text += block.get("text", "")
            if block["type"] == "tool_use":
                said.tool = block["name"]
                arguments += json.dumps(block["input"]) if block["input"] else ""
        if kind == "content_block_delta":
            said.text += document["delta"].get("text", "")
            arguments += document["delta"].get("partial_json", "")
        if kind == "error":
            said.error = document["error"]["message"]
        used = document.get("usage") or (message or {}).get("usage")
        if used:
            if "input_tokens" in used:
                said.input = (used["input_tokens"] + (used.get("cache_read_input_tokens") or 0)
                              + (used.get("cache_creation_input_tokens") or 0))
            said.output = used["output_tokens"]
        stop = (message or {}).get("stop_reason") or document.get("delta", {}).get("stop_reason")
        said.finish = stop or said.finish
    said.arguments = json.loads(arguments) if arguments else None
    return said


def gemini_said(documents: list[Any]) -> Said:
    said = Said()
    for document in documents:
        if "error" in document:
            said.error = document["error"]["message"]
        for candidate in document.get("candidates", []):
            for part in candidate.get("content", {}).get("parts", []):
                said.text += part.get("text", "")
                if "functionCall" in part:
                    said.tool, said.arguments = part["functionCall"]["name"], part["functionCall"]["args"]
            said.finish = candidate.get("finishReason") or said.finish
        used = document.get("usageMetadata")
        if used:
            said.input = used["promptTokenCount"]
            said.output = used.get("candidatesTokenCount", 0) + used.get("thoughtsTokenCount", 0)
    return said


def responses_said(documents: list[Any]) -> Said:
    said = Said()
    for document in documents:
        if document.get("type") == "response.output_text.delta":
            said.text += document["delta"]
        if document.get("type") == "error":
            said.error = document.get("message") or document["error"]["message"]
        ends = document.get("type") in ("response.completed", "response.incomplete", "response.failed")
        response = document["response"] if ends else document if document.get("object") == "response" else None
        if response is None:
            continue
        whole = ""
        for item in response["output"]:
            if item["type"] == "message":
                whole += "".join(part["text"] for part in item["content"])
            if item["type"] == "function_call":
                said.tool, said.arguments = item["name"], json.loads(item["arguments"])
        said.text = said.text or whole
        said.finish = response["status"]
        if response.get("error"):
            said.error = response["error"]["message"]
        if response.get("usage"):
            said.input, said.output = response["usage"]["input_tokens"], response["usage"]["output_tokens"]
    return said


def cohere_said(documents: list[Any]) -> Said:
    said, arguments = Said(), ""
    for document in documents:
        delta = document.get("delta", document)
        message = delta.get("message") or document.get("message") or {}
        if isinstance(message, str):
            said.error = message
            continue
        content = message.get("content") or []
        for part in content if isinstance(content, list) else [content]:
            said.text += part.get("text", "")
        calls = message.get("tool_calls") or []
        for call in calls if isinstance(calls, list) else [calls]:
            said.tool = call["function"].get("name") or said.tool
            arguments += call["function"].get("arguments", "")
        said.finish = delta.get("finish_reason") or said.finish
        said.error = delta.get("error") or said.error
        if delta.get("usage"):
            used = delta["usage"]["billed_units"]
            said.input, said.output = used["input_tokens"], used["output_tokens"]
    said.arguments = json.loads(arguments) if arguments else None
    return said


@dataclass
class Client:
    """One format as clients speak it."""
    ask: Callable[[bool, bool], tuple[str, Any]]
    said: Callable[[list[Any]], Said]
    stopped: str  # the word for a natural end
    called: str   # the word for a call of a tool


CLIENTS = {
    "openai": Client(openai_ask, openai_said, "stop", "tool_calls"),
    "anthropic": Client(anthropic_ask, anthropic_said, "end_turn", "tool_use"),
    "gemini": Client(gemini_ask, gemini_said, "STOP", "STOP"),
    "responses": Client(responses_ask, responses_said, "completed", "completed"),
}


# Those of a format that not every table has to go through.
COHERE_PROVIDER = Provider("cohere", cohere_events, cohere_document, "")
COHERE_CLIENT = Client(cohere_ask, cohere_said, "COMPLETE", "TOOL_CALL")


def documents_of(response: Response) -> list[Any]:
    """The JSON of a reply: of each event of a stream, or the one body."""
    if "event-stream" not in response.headers.get("content-type", ""):
        whole = json.loads(response.body)
        return whole if isinstance(whole, list) else [whole]
    texts = [line[5:].strip() for line in response.body.decode().splitlines() if line.startswith("data:")]
    return [json.loads(text) for text in texts if text != "[DONE]"]
