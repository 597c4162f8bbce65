#include "core/wire/mapped.hpp"

#include "core/wire/frames.hpp"
#include "core/wire/json_objects.hpp"
#include "core/wire/openai.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using Events = std::vector<llm::ReplyEvent>;

const Mapping& mapping_of(const Dialect& dialect) {
    return static_cast<const MappedDialect&>(dialect).mapping;
}

Result<WrittenRequest> write_request(const llm::ChatRequest& request, const Dialect& dialect) {
    auto written = openai_parts::write_request(request, dialect);
    if (!written)
        return written;
    const auto& mapping = mapping_of(dialect);
    auto body = embedded(written->body);
    for (const auto& path : mapping.request_remove)
        path.take(body);
    for (const auto& move : mapping.request_move)
        if (auto value = move.from.take(body))
            move.to.put(body, std::move(*value));
    for (const auto& [path, value] : mapping.request_set)
        path.put(body, embedded(value));
    written->body = json_text(body);
    return written;
}

std::string word_of(const Json& value) {
    return value.is_string() ? value.get<std::string>() : json_text(value);
}

/// Brings every event into OpenAI's form and has it read as such.
class Reader final : public ReplyReader {
public:
    Reader(const ReadOptions& options, const Mapping& mapping)
        : mapping_(mapping), frames_(options.event_bytes_max, options.body_bytes_max),
          objects_(options.stream ? options.event_bytes_max : options.body_bytes_max),
          inner_(openai_parts::new_reader(options)) {}

    Result<void> feed(std::string_view bytes, Events& out) override {
        if (mapping_.stream == Mapping::Stream::objects)
            return objects_.feed(bytes,
                                 [&](std::string_view object) { return take(object, false, out); });
        return frames_.feed(
            bytes, [&](const Frame& frame) { return take(frame.data, frame.whole_body, out); });
    }

    Result<void> finish(Events& out) override {
        if (mapping_.stream == Mapping::Stream::objects && objects_.inside())
            return fail(Code::upstream_failed, "the provider's reply ended inside an object");
        auto left = frames_.finish(
            [&](const Frame& frame) { return take(frame.data, frame.whole_body, out); });
        if (!left)
            return left;
        if (!begun_)
            return fail(Code::upstream_failed, "the provider's reply is empty");
        // Where nothing marks the end of a stream, its end does.
        if (!whole_ && !done_ && mapping_.done.empty())
            if (auto ended = inner_->feed("data: [DONE]\n\n", out); !ended)
                return ended;
        return inner_->finish(out);
    }

private:
    Result<void> take(std::string_view text, bool whole, Events& out) {
        if (done_)
            return ok();
        if (!whole && !mapping_.done.empty() && text == mapping_.done) {
            done_ = true;
            return inner_->feed("data: [DONE]\n\n", out);
        }
        auto parsed = parse_json(text);
        if (!parsed || !parsed->is_object())
            return fail(Code::upstream_failed, "the provider's reply is not a JSON object");
        auto& value = *parsed;
        begun_ = true;
        whole_ = whole;
        if (auto error = error_in(value); !error.is_null()) {
            value = Json{{"error", std::move(error)}};
        } else {
            // A host whose stream is objects may answer with one that is whole.
            bool document = whole || has_any(mapping_.reply_move, value, mapping_.event_move);
            move(document ? mapping_.reply_move : mapping_.event_move, value);
            translate_finish(value);
        }
        if (whole)
            return inner_->feed(json_text(value), out);
        return inner_->feed("data: " + json_text(value) + "\n\n", out);
    }

    /// Whether the value has places of the one list and none of the other.
    static bool has_any(const std::vector<Mapping::Move>& moves, const Json& value,
                        const std::vector<Mapping::Move>& others) {
        auto found = [&](const Mapping::Move& one) { return one.from.find(value) != nullptr; };
        return std::none_of(others.begin(), others.end(), found) &&
               std::any_of(moves.begin(), moves.end(), found);
    }

    static void move(const std::vector<Mapping::Move>& moves, Json& value) {
        for (const auto& one : moves)
            if (auto taken = one.from.take(value))
                one.to.put(value, std::move(*taken));
    }

    void translate_finish(Json& value) const {
        auto choices = value.find("choices");
        if (choices == value.end() || !choices->is_array())
            return;
        for (auto& choice : *choices) {
            const auto* reason = member(choice, "finish_reason");
            if (reason == nullptr)
                continue;
            auto word = mapping_.finish_words.find(word_of(*reason));
            if (word != mapping_.finish_words.end())
                choice["finish_reason"] = word->second.empty() ? Json() : Json(word->second);
        }
    }

    /// In OpenAI's form; null: there is none.
    Json error_in(const Json& value) const {
        const auto* code = mapping_.error_code ? mapping_.error_code->find(value) : nullptr;
        const auto* message =
            mapping_.error_message ? mapping_.error_message->find(value) : nullptr;
        auto word = code == nullptr ? std::string() : word_of(*code);
        const auto& good = mapping_.success_codes;
        bool success = code != nullptr && std::find(good.begin(), good.end(), word) != good.end();
        // Where codes are told, they decide: some hosts say `success` in the message.
        if (success || (code == nullptr && message == nullptr) ||
            (code == nullptr && mapping_.error_code && !good.empty()))
            return {};
        auto known = mapping_.error_words.find(word);
        return Json{{"message", message == nullptr ? "" : word_of(*message)},
                    {"code", known == mapping_.error_words.end() ? word : known->second}};
    }

    const Mapping& mapping_;  ///< of the provider, which outlives its replies
    Frames frames_;
    JsonObjects objects_;
    std::unique_ptr<ReplyReader> inner_;
    bool begun_ = false;
    bool whole_ = false;  ///< the reply was one document
    bool done_ = false;
};

std::unique_ptr<ReplyReader> new_reader(const ReadOptions& options) {
    check(options.dialect != nullptr, "a described format is read by its description");
    return std::make_unique<Reader>(options, mapping_of(*options.dialect));
}

}  // namespace

const Wire mapped{"mapped", llm::ErrorShape::openai, nullptr, nullptr, write_request, new_reader};

}  // namespace obliv::wire
