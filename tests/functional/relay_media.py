"""Pictures and sound go the road of a chat: forms and JSON, whole and streamed, byte for byte, billed by their units.

Proved with a scripted upstream that answers as OpenAI would and keeps every request.
"""
import json
import threading
import unittest
from typing import Any

import media
import upstream as provider
from client import Response, Stream, request
from harness import WAIT, FunctionalTest

MODELS = ["gpt-image-1", "dall-e-2", "dall-e-3", "whisper-1", "gpt-4o-transcribe", "tts-1", "gpt-4o-mini-tts"]


class RelayMedia(FunctionalTest):
    def setUp(self) -> None:
        super().setUp()
        self.upstream = self.new_upstream(answer=media.provider)
        self.daemon = self.new_daemon()
        self.daemon.add_channel(self.upstream, models=[*MODELS, "drawer", "hearer"],
                                aliases={"drawer": "gpt-image-1", "hearer": "whisper-1"})
        self.daemon.set_price("dall-e-2", input="0", output="0", per_image="0.02")
        self.daemon.set_price("gpt-image-1", input="5", image_in="10", output="40")
        self.daemon.set_price("whisper-1", input="0", output="0", per_second="0.0001")
        self.daemon.set_price("gpt-4o-transcribe", input="2.5", audio_in="6", output="10")
        self.daemon.set_price("tts-1", input="0", output="0", per_character="0.000015")
        self.daemon.set_price("gpt-4o-mini-tts", input="0.6", output="12")
        self.key = self.daemon.add_token()

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None, key: str | None = None) -> Response:
        return request(self.daemon.port, "POST", path, body, {"authorization": f"Bearer {key or self.key}", **(headers or {})})

    def form(self, path: str, fields: list[tuple[str, str | bytes]], **more: Any) -> Response:
        body, headers = media.form(fields)
        return self.post(path, body, headers, **more)

    def row(self, reply: Response) -> dict[str, Any]:
        self.assertEqual(reply.status, 200, reply.body)
        return self.daemon.call(reply.request_id)

    def test_images_pass_byte_for_byte_and_cost_by_the_image_that_came(self) -> None:
        sent = b'{"model":"dall-e-2", "prompt":"a cat","n":3,"size":"256x256"}'
        reply = self.post("/v1/images/generations", sent)
        self.assertEqual(reply.body, media.images(3))
        self.assertEqual((self.upstream.requests[0].path, self.upstream.requests[0].body), ("/v1/images/generations", sent))
        row = self.row(reply)
        self.assertEqual((row["usage"]["images"], row["usage"]["input"], row["usage_source"], row["cost"]), (3, 0, "counted", "0.06"))
        self.upstream.queue.append(lambda connection, _: connection.reply(200, media.images(2)))
        self.assertEqual(self.row(self.post("/v1/images/generations", sent))["cost"], "0.04")
        self.assert_books(self.daemon)

    def test_images_cost_the_tokens_that_the_provider_tells(self) -> None:
        row = self.row(self.post("/v1/images/generations", {"model": "gpt-image-1", "prompt": "a cat"}))
        used = row["usage"]
        self.assertEqual((used["input"], used["image_in"], used["output"], used["images"]), (10, 40, 1056, 1))
        self.assertEqual((row["usage_source"], row["cost"]), ("provider", "0.04269"))

    def test_a_large_image_is_counted_however_it_is_cut(self) -> None:
        picture = json.dumps({"created": 1, "data": [{"b64_json": "A" * 3_000_000}, {"b64_json": "B" * 700_001}]}).encode()

        def slowly(connection: provider.Connection, _: provider.Request) -> None:
            connection.send(provider.head(200, {"content-type": "application/json", "content-length": str(len(picture))}))
            for at in range(0, len(picture), 65_521):
                connection.send(picture[at:at + 65_521])
        self.upstream.queue.append(slowly)
        reply = self.post("/v1/images/generations", {"model": "dall-e-2", "prompt": "a", "n": 2})
        self.assertEqual(reply.body, picture)
        self.assertEqual(self.row(reply)["usage"]["images"], 2)

    def test_partial_images_stream_as_they_come(self) -> None:
        seen = threading.Event()

        def answer(connection: provider.Connection, asked: provider.Request) -> None:
            connection.start_stream()
            media.named_event(connection, {"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": "cA=="})
            seen.wait(WAIT)
            media.named_event(connection, {"type": "image_generation.completed", "b64_json": "ZA==", "usage": media.IMAGE_USAGE})
            connection.end_stream()
        self.upstream.answer = answer
        stream = Stream(self.daemon.port, "/v1/images/generations", {"model": "gpt-image-1", "prompt": "a", "stream": True},
                        {"authorization": f"Bearer {self.key}"})
        self.assertIn(b"partial_image", stream.event())
        seen.set()
        self.assertIn(b"image_generation.completed", stream.event())
        self.assertEqual(stream.event(), b"")
        self.assertNotIn("stream_options", self.upstream.requests[0].json)
        row = self.daemon.call(stream.headers["x-request-id"])
        self.assertEqual((row["usage"]["output"], row["usage"]["images"], row["stream"], row["error"]), (1056, 1, True, None))
        self.assert_books(self.daemon)

    def test_a_form_passes_byte_for_byte_but_for_its_model(self) -> None:
        for model, sent_on in (("gpt-image-1", "gpt-image-1"), ("drawer", "gpt-image-1")):
            fields = [("prompt", "a hat"), ("model", model), ("image", b"\x89PNG\r\n--x\x00"), ("n", "2")]
            row = self.row(self.form("/v1/images/edits", fields))
            self.assertEqual((row["usage"]["images"], row["usage"]["output"]), (2, 1056))
            asked = self.upstream.requests[-1]
            expected, headers = media.form([(name, sent_on if name == "model" else value) for name, value in fields])
            self.assertEqual((asked.path, asked.body), ("/v1/images/edits", expected))
            self.assertEqual(asked.headers["content-type"], headers["content-type"])

    def test_a_form_without_a_model_gets_the_one_it_is_mapped_to(self) -> None:
        row = self.row(self.form("/v1/images/variations", [("image", b"png")]))
        self.assertEqual((row["model"], row["cost"]), ("dall-e-2", "0.02"))
        self.assertEqual(set(media.fields_of(self.upstream.requests[-1])), {"image"})
        second = self.new_upstream(answer=media.provider)
        self.daemon.add_channel(second, name="second", models=["dall-e-2"], aliases={"dall-e-2": "other"}, priority=9)
        self.row(self.form("/v1/images/variations", [("image", b"png")]))
        self.assertEqual(media.fields_of(second.requests[-1]), {"image": b"png", "model": b"other"})

    def test_speech_streams_sound_and_costs_by_the_character(self) -> None:
        reply = self.post("/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "input": "Grüße \U0001F600\n"})
        self.assertEqual((reply.body, reply.headers["content-type"]), (b"\xff\xfb\x90\x00" * 4000, "audio/mpeg"))
        row = self.row(reply)
        self.assertEqual((row["usage"]["characters"], row["cost"]), (8, "0.00012"))

    def test_speech_costs_the_tokens_that_its_stream_tells(self) -> None:
        body = {"model": "gpt-4o-mini-tts", "voice": "alloy", "input": "Hello there.", "stream_format": "sse"}
        reply = self.post("/v1/audio/speech", body)
        self.assertIn(b"speech.audio.done", reply.body)
        row = self.row(reply)
        self.assertEqual((row["usage"]["input"], row["usage"]["output"], row["usage_source"], row["cost"]), (6, 90, "provider", "0.0010836"))
        row = self.row(self.post("/v1/audio/speech", {**body, "stream_format": "audio"}))
        self.assertEqual(row["usage_source"], "estimated")
        self.assertGreater(float(row["cost"]), 0)

    def test_transcripts_cost_tokens_or_seconds_as_the_provider_tells(self) -> None:
        row = self.row(self.form("/v1/audio/transcriptions", [("file", media.wave(2.5)), ("model", "gpt-4o-transcribe")]))
        used = row["usage"]
        self.assertEqual((used["input"], used["audio_in"], used["output"], used["seconds"]), (4, 10, 5, 3))
        self.assertEqual((row["usage_source"], row["cost"]), ("provider", "0.00012"))
        row = self.row(self.form("/v1/audio/translations", [("file", b"mp3" * 9), ("model", "hearer")]))
        self.assertEqual((row["usage"]["seconds"], row["usage_source"], row["cost"]), (3, "provider", "0.0003"))
        self.assertEqual(media.fields_of(self.upstream.requests[-1])["model"], b"whisper-1")
        self.assert_books(self.daemon)

    def test_transcripts_without_figures_cost_the_length_of_the_sound(self) -> None:
        fields = [("model", "whisper-1"), ("response_format", "srt")]
        reply = self.form("/v1/audio/transcriptions", [*fields, ("file", media.wave(2.5))])
        self.assertEqual(reply.headers["content-type"], "text/plain; charset=utf-8")
        row = self.row(reply)
        self.assertEqual((row["usage"]["seconds"], row["usage_source"]), (3, "counted"))
        row = self.row(self.form("/v1/audio/transcriptions", [*fields, ("file", b"x" * 48_001)]))
        self.assertEqual((row["usage"]["seconds"], row["usage_source"]), (4, "estimated"))
        row = self.row(self.form("/v1/audio/transcriptions", [("model", "whisper-1"), ("response_format", "verbose_json"), ("file", b"x")]))
        self.assertEqual((row["usage"]["seconds"], row["usage_source"]), (3, "counted"))

    def test_a_transcript_streams(self) -> None:
        reply = self.form("/v1/audio/transcriptions", [("stream", "true"), ("file", b"x"), ("model", "gpt-4o-transcribe")])
        self.assertEqual(reply.body.count(b"event: "), 3)
        row = self.row(reply)
        self.assertEqual((row["usage"]["audio_in"], row["usage"]["output"], row["stream"]), (10, 5, True))

    def test_a_form_of_eight_megabytes_passes(self) -> None:
        sound = bytes(range(256)) * 32_000
        self.upstream.answer = lambda connection, _: connection.reply(200, b'{"text":"a","usage":{"type":"duration","seconds":3}}')
        row = self.row(self.form("/v1/audio/transcriptions", [("file", sound), ("model", "hearer")]))
        self.assertEqual(row["usage"]["seconds"], 3)
        self.assertEqual(self.upstream.requests[-1].body, media.form([("file", sound), ("model", "whisper-1")])[0])

    def test_what_is_wrong_is_said_and_costs_nothing(self) -> None:
        good: list[tuple[str, str | bytes]] = [("model", "whisper-1"), ("file", b"x")]
        for fields in ([("file", b"x")], [("model", "a b")], [*good, ("model", "whisper-1")], [*good, ("Model", "dall-e-2")],
                       [*good, ("stream", "yes")], [*good, ("n", "0")]):
            self.assert_openai_error(self.form("/v1/audio/transcriptions", fields), 400)
        self.assert_openai_error(self.post("/v1/audio/transcriptions", {"model": "whisper-1"}), 400)
        self.assert_openai_error(self.post("/v1/audio/transcriptions", b"--x", {"content-type": "multipart/form-data"}), 400)
        self.assert_openai_error(self.post("/v1/audio/speech", {"model": "tts-1", "input": 7}), 400)
        self.assert_openai_error(self.form("/v1/audio/transcriptions", good, key="sk-wrong"), 401)
        self.assertEqual(self.upstream.requests, [])
        self.upstream.answer = lambda connection, _: connection.reply(400, b'{"error":{"message":"no such voice","type":"invalid_request_error"}}')
        reply = self.post("/v1/audio/speech", {"model": "tts-1", "voice": "x", "input": "Hello."})
        self.assertEqual((reply.status, reply.json["error"]["message"]), (400, "no such voice"))
        self.assertEqual(self.daemon.call(reply.request_id)["cost"], "0.00")
        self.assertEqual({row["cost"] for row in self.daemon.calls()}, {"0.00"})
        self.assert_books(self.daemon)

    def test_faults_before_a_reply_are_failed_over_and_those_after_cost_what_came(self) -> None:
        self.upstream.queue.append(provider.error(500))
        second = self.new_upstream(answer=media.provider)
        self.daemon.add_channel(second, name="second", models=["dall-e-2", "gpt-image-1"], priority=-1)
        row = self.row(self.post("/v1/images/generations", {"model": "dall-e-2", "prompt": "a"}))
        self.assertEqual((row["cost"], row["attempts"]), ("0.02", 2))

        def refuses(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            media.named_event(connection, {"type": "error", "error": {"message": "no", "type": "server_error"}})
            connection.end_stream()
        self.upstream.queue.append(refuses)
        reply = self.post("/v1/images/generations", {"model": "gpt-image-1", "prompt": "a", "stream": True})
        self.assertIn(b"image_generation.completed", reply.body)

        def breaks(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream()
            media.named_event(connection, {"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": "cA=="})
            media.named_event(connection, {"type": "error", "error": {"message": "key sk-secret-secret-secret-1 died", "type": "server_error"}})
            connection.end_stream()
        self.upstream.queue.append(breaks)
        reply = self.post("/v1/images/generations", {"model": "gpt-image-1", "prompt": "a", "stream": True})
        self.assertIn(b"died", reply.body)
        self.assertNotIn(b"sk-secret", reply.body)
        row = self.daemon.call(reply.request_id)
        self.assertEqual((row["finish_reason"], row["cost"]), ("cut", "0.00"))
        self.assert_books(self.daemon)

    def test_who_leaves_pays_for_what_the_provider_has_begun(self) -> None:
        left = threading.Event()

        def answer(connection: provider.Connection, _: provider.Request) -> None:
            connection.start_stream({"content-type": "audio/mpeg"})
            connection.chunk(b"sound")
            if connection.wait_closed():
                left.set()
        self.upstream.answer = answer
        stream = Stream(self.daemon.port, "/v1/audio/speech", {"model": "tts-1", "voice": "x", "input": "Hello."},
                        {"authorization": f"Bearer {self.key}"})
        stream.response.read(5)
        stream.close()
        self.assertTrue(left.wait(WAIT))
        row = self.daemon.call(stream.headers["x-request-id"])
        self.assertEqual((row["finish_reason"], row["usage"]["characters"], row["cost"]), ("aborted", 6, "0.00009"))
        self.assert_books(self.daemon)

    def test_a_prepaid_account_pays_by_the_image_and_no_further(self) -> None:
        self.daemon.add_prepaid("small", "0.05")
        key = self.daemon.add_token("small", account="small")
        body = {"model": "dall-e-2", "prompt": "a", "n": 2}
        self.assertEqual(self.row(self.post("/v1/images/generations", body, key=key))["cost"], "0.04")
        self.assert_openai_error(self.post("/v1/images/generations", body, key=key), 429)
        self.assert_books(self.daemon)


if __name__ == "__main__":
    unittest.main()
