#include "core/wire/frames.hpp"
#include "core/wire/reply_error.hpp"
#include "core/wire/responses_wire.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace obliv::wire {
namespace {

// A reply has a few dozen items and parts; what has more would only fill the memory.
constexpr std::size_t parts_max = 10'000;
// Parts of an item are numbered by their place; those of a reasoning item lie in two arrays.
constexpr std::int64_t content_base = 1 << 20;
// Parts with no array around them: arguments of a call, the proof of a thought without words.
constexpr std::int64_t only_part = 0;

constexpr std::uint64_t hash_seed = 0xcbf29ce484222325U;

/// FNV-1a: enough to know a text again.
std::uint64_t hashed(std::uint64_t hash, std::string_view text) {
    constexpr std::uint64_t prime = 0x100000001b3U;
    for (char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * prime;
    return hash;
}

/// A part of an item: one block of the neutral form.
struct Part {
    std::int32_t block = 0;
    bool open = true;
    std::size_t text_bytes = 0;  ///< that went out, and their hash
    std::uint64_t text_hash = hash_seed;
    bool has_logprobs = false;
    std::size_t annotations = 0;
};

struct Item {
    std::map<std::int64_t, Part> parts;
    bool begun = false;  ///< of a tool call: its name went out
    bool done = false;
};

void note_text(Part& part, std::string_view text) {
    part.text_bytes += text.size();
    part.text_hash = hashed(part.text_hash, text);
}

/// What of the whole text has not come in pieces: some hosts send only the whole, or lose some of
/// its end. Nothing if the pieces were others.
std::string rest_of(const Part& part, const std::string& whole) {
    bool prefix =
        part.text_bytes < whole.size() &&
        hashed(hash_seed, std::string_view(whole).substr(0, part.text_bytes)) == part.text_hash;
    return prefix ? whole.substr(part.text_bytes) : std::string();
}

bool is_call(std::string_view type) {
    return type == "function_call" || type == "custom_tool_call";
}

/// A page that is opened or looked through is no search: OpenAI charges for searches only.
bool is_search(std::string_view type, const Json& item) {
    if (type != "web_search_call")
        return false;
    const auto* action = member(item, "action");
    return action == nullptr || !action->is_object() || string_in(*action, "type") == "search";
}

const Json& nothing() {
    static const Json value = Json::object();
    return value;
}

/// The array `name`; an empty one if there is none.
const Json& array_in(const Json& object, std::string_view name) {
    static const Json none = Json::array();
    const auto* found = member(object, name);
    return found != nullptr && found->is_array() ? *found : none;
}

const Json& object_in(const Json& object, std::string_view name) {
    const auto* found = member(object, name);
    return found != nullptr && found->is_object() ? *found : nothing();
}

Error said_error(const Json& error) {
    return reply_error(string_in(error, "type"), string_in(error, "code"),
                       string_in(error, "message"));
}

/// Reads both forms. Items are known by their `output_index`: at least one host gives an item a
/// new id with every event.
class Reader final : public ReplyReader {
public:
    explicit Reader(const ReadOptions& options)
        : frames_(options.event_bytes_max, options.body_bytes_max) {}

    Result<void> feed(std::string_view bytes, std::vector<llm::ReplyEvent>& out) override {
        out_ = &out;
        return frames_.feed(bytes, [this](const Frame& frame) { return take(frame); });
    }

    Result<void> finish(std::vector<llm::ReplyEvent>& out) override {
        out_ = &out;
        auto done = frames_.finish([this](const Frame& frame) { return take(frame); });
        if (!done)
            return done.error();
        if (!ended_)
            return fail(Code::upstream_failed, "the provider's reply ended before it was complete");
        return ok();
    }

private:
    using Handler = Result<void> (Reader::*)(const Json&);

    template <typename What>
    void emit(What what, std::int32_t block = 0) {
        out_->push_back({std::move(what), 0, block});
    }

    Result<void> take(const Frame& frame) {
        if (frame.data == "[DONE]" || frame.data.empty())
            return ok();
        auto json = parse_json(frame.data);
        if (!json || !json->is_object())
            return fail(Code::upstream_failed, "the provider's reply is not valid JSON");
        if (frame.whole_body)
            return whole(*json);
        if (auto* handler = handler_of(string_in(*json, "type")))
            return (this->**handler)(*json);
        if (member(*json, "type") == nullptr && member(*json, "error") != nullptr)
            return error(*json);
        emit(llm::Alive{});
        return ok();
    }

    static const Handler* handler_of(std::string_view type) {
        struct Row {
            std::string_view type;
            Handler handler;
        };
        static constexpr std::array rows{
            Row{"response.created", &Reader::created},
            Row{"response.output_item.added", &Reader::item_added},
            Row{"response.output_item.done", &Reader::item_done},
            Row{"response.output_text.delta", &Reader::text_delta},
            Row{"response.output_text.annotation.added", &Reader::annotation_added},
            Row{"response.refusal.delta", &Reader::refusal_delta},
            Row{"response.reasoning_summary_text.delta", &Reader::summary_delta},
            Row{"response.reasoning_text.delta", &Reader::reasoning_delta},
            Row{"response.function_call_arguments.delta", &Reader::arguments_delta},
            Row{"response.custom_tool_call_input.delta", &Reader::arguments_delta},
            Row{"response.completed", &Reader::terminal},
            Row{"response.incomplete", &Reader::terminal},
            Row{"response.failed", &Reader::terminal},
            Row{"error", &Reader::error},
        };
        for (const auto& row : rows)
            if (row.type == type)
                return &row.handler;
        return nullptr;
    }

    // Items and their parts.

    Result<Item*> item_of(const Json& event) {
        auto index = int_in(event, "output_index").value_or(0);
        if (!items_.contains(index) && ++parts_ > parts_max)
            return fail(Code::upstream_failed, "the provider's reply has too many items");
        return &items_[index];
    }

    /// The part `key` of `item`; a new one ends those before it.
    Result<Part*> part_of(Item& item, std::int64_t key) {
        auto found = item.parts.find(key);
        if (found != item.parts.end())
            return &found->second;
        if (++parts_ > parts_max)
            return fail(Code::upstream_failed, "the provider's reply has too many parts");
        close(item);
        Part part;
        part.block = next_block_++;
        return &item.parts.emplace(key, part).first->second;
    }

    void close(Item& item) {
        for (auto& [key, part] : item.parts)
            if (std::exchange(part.open, false))
                emit(llm::BlockEnded{}, part.block);
    }

    /// Emits a piece of text into a part that an event names.
    template <typename What>
    Result<void> piece(const Json& event, std::int64_t key, What what) {
        auto item = item_of(event);
        if (!item)
            return item.error();
        auto part = part_of(**item, key);
        if (!part)
            return part.error();
        if (what.text.empty())
            return ok();
        note_text(**part, what.text);
        emit(std::move(what), (*part)->block);
        return ok();
    }

    // Events.

    Result<void> created(const Json& event) {
        begin(object_in(event, "response"));
        return ok();
    }

    void begin(const Json& response) {
        if (std::exchange(begun_, true))
            return;
        llm::Begun begun;
        begun.id = string_in(response, "id");
        begun.model = string_in(response, "model");
        begun.created = int_in(response, "created_at").value_or(0);
        begun.service_tier = string_in(response, "service_tier");
        emit(std::move(begun));
    }

    Result<void> item_added(const Json& event) {
        auto item = item_of(event);
        if (!item)
            return item.error();
        const auto& json = object_in(event, "item");
        return is_call(string_in(json, "type")) ? begin_call(**item, json) : ok();
    }

    Result<void> begin_call(Item& item, const Json& json) {
        if (std::exchange(item.begun, true))
            return ok();
        auto part = part_of(item, only_part);
        if (!part)
            return part.error();
        bool custom = string_in(json, "type") == "custom_tool_call";
        auto id = string_in(json, "call_id");
        emit(llm::ToolCallBegun{id.empty() ? string_in(json, "id") : id, string_in(json, "name"),
                                custom},
             (*part)->block);
        called_ = true;
        return ok();
    }

    Result<void> text_delta(const Json& event) {
        auto key = int_in(event, "content_index").value_or(0);
        auto done = piece(event, key, llm::TextPiece{string_in(event, "delta")});
        const auto& logprobs = array_in(event, "logprobs");
        if (!done || logprobs.empty())
            return done;
        auto part = part_of(items_[int_in(event, "output_index").value_or(0)], key);
        (*part)->has_logprobs = true;
        emit(llm::LogProbs{json_text(logprobs)}, (*part)->block);
        return ok();
    }

    Result<void> annotation_added(const Json& event) {
        auto item = item_of(event);
        if (!item)
            return item.error();
        auto part = part_of(**item, int_in(event, "content_index").value_or(0));
        if (!part)
            return part.error();
        ++(*part)->annotations;
        emit(llm::CitationPiece{read_annotation(object_in(event, "annotation"))}, (*part)->block);
        return ok();
    }

    Result<void> refusal_delta(const Json& event) {
        refused_ = true;
        return piece(event, int_in(event, "content_index").value_or(0),
                     llm::RefusalPiece{string_in(event, "delta")});
    }

    Result<void> summary_delta(const Json& event) {
        return piece(event, int_in(event, "summary_index").value_or(0),
                     llm::ThinkingPiece{string_in(event, "delta"), true});
    }

    Result<void> reasoning_delta(const Json& event) {
        return piece(event, content_base + int_in(event, "content_index").value_or(0),
                     llm::ThinkingPiece{string_in(event, "delta"), false});
    }

    Result<void> arguments_delta(const Json& event) {
        return piece(event, only_part, llm::ArgumentsPiece{string_in(event, "delta")});
    }

    Result<void> item_done(const Json& event) {
        auto item = item_of(event);
        if (!item)
            return item.error();
        return end_item(**item, object_in(event, "item"));
    }

    /// The whole item: what of it has not come in pieces is emitted now.
    Result<void> end_item(Item& item, const Json& json) {
        auto id = string_in(json, "id");
        bool known = !id.empty() && !done_.insert(id).second;
        if (std::exchange(item.done, true) || known)
            return ok();
        auto type = string_in(json, "type");
        searches_ += is_search(type, json) ? 1 : 0;
        Result<void> done = ok();
        if (type == "message")
            done = end_message(item, json);
        else if (type == "reasoning")
            done = end_reasoning(item, json);
        else if (is_call(type))
            done = end_call(item, json);
        else
            done = end_other(item, json, type);
        close(item);
        return done;
    }

    Result<void> end_message(Item& item, const Json& json) {
        std::int64_t key = 0;
        for (const auto& content : array_in(json, "content")) {
            auto part = part_of(item, key++);
            if (!part)
                return part.error();
            rest_of_content(**part, content);
        }
        return ok();
    }

    void rest_of_content(Part& part, const Json& content) {
        bool refusal = string_in(content, "type") == "refusal";
        refused_ = refused_ || refusal;
        auto text = rest_of(part, string_in(content, refusal ? "refusal" : "text"));
        if (!text.empty()) {
            if (refusal)
                emit(llm::RefusalPiece{std::move(text)}, part.block);
            else
                emit(llm::TextPiece{std::move(text)}, part.block);
        }
        if (const auto& logprobs = array_in(content, "logprobs");
            !part.has_logprobs && !logprobs.empty())
            emit(llm::LogProbs{json_text(logprobs)}, part.block);
        const auto& annotations = array_in(content, "annotations");
        for (std::size_t at = part.annotations; at < annotations.size(); ++at)
            emit(llm::CitationPiece{read_annotation(annotations[at])}, part.block);
    }

    Result<void> end_reasoning(Item& item, const Json& json) {
        struct Array {
            std::string_view name;
            std::int64_t base;
            bool summary;
        };
        static constexpr std::array arrays{Array{"summary", 0, true},
                                           Array{"content", content_base, false}};
        for (const auto& array : arrays) {
            auto key = array.base;
            for (const auto& content : array_in(json, array.name)) {
                auto part = part_of(item, key++);
                if (!part)
                    return part.error();
                auto text = rest_of(**part, string_in(content, "text"));
                if (!text.empty())
                    emit(llm::ThinkingPiece{std::move(text), array.summary}, (*part)->block);
            }
        }
        return prove(item, json);
    }

    /// The proof goes with the part that is still open; a thought without words has only that.
    Result<void> prove(Item& item, const Json& json) {
        auto sealed = string_in(json, "encrypted_content");
        if (sealed.empty())
            return ok();
        auto open = std::find_if(item.parts.begin(), item.parts.end(),
                                 [](const auto& entry) { return entry.second.open; });
        if (open == item.parts.end()) {
            auto part = part_of(item, 2 * content_base);
            if (!part)
                return part.error();
            open = std::prev(item.parts.end());
        }
        emit(llm::ProofPiece{opened_proof(sealed).proof, false, string_in(json, "id")},
             open->second.block);
        return ok();
    }

    Result<void> end_call(Item& item, const Json& json) {
        if (auto begun = begin_call(item, json); !begun)
            return begun;
        auto part = part_of(item, only_part);
        bool custom = string_in(json, "type") == "custom_tool_call";
        if (!part)
            return part.error();
        auto rest = rest_of(**part, string_in(json, custom ? "input" : "arguments"));
        if (!rest.empty())
            emit(llm::ArgumentsPiece{std::move(rest)}, (*part)->block);
        return ok();
    }

    Result<void> end_other(Item& item, const Json& json, std::string_view type) {
        auto part = part_of(item, only_part);
        if (!part)
            return part.error();
        auto result = string_in(json, "result");
        if (type == "image_generation_call" && !result.empty()) {
            llm::Media media;
            auto format = string_in(json, "output_format");
            media.media_type = "image/" + (format.empty() ? std::string("png") : format);
            media.data = std::move(result);
            emit(llm::MediaPiece{std::move(media)}, (*part)->block);
        } else {
            emit(llm::Opaque{std::string(responses_name), json_text(json)}, (*part)->block);
        }
        return ok();
    }

    // The end.

    Result<void> terminal(const Json& event) {
        const auto& response = object_in(event, "response");
        begin(response);
        std::int64_t index = 0;
        for (const auto& json : array_in(response, "output")) {
            Json place = {{"output_index", index++}};
            auto item = item_of(place);
            if (!item)
                return item.error();
            if (auto done = end_item(**item, json); !done)
                return done;
        }
        for (auto& [key, item] : items_)
            close(item);
        if (const auto* usage = member(response, "usage"))
            if (auto counts = read_responses_usage(*usage)) {
                counts->searches = searches_;
                emit(llm::UsageReport{*counts, json_text(*usage)});
            }
        conclude(response);
        return ok();
    }

    void conclude(const Json& response) {
        if (std::exchange(ended_, true))
            return;
        auto status = string_in(response, "status");
        if (status == "failed" || (status.empty() && member(response, "error") != nullptr))
            return emit(llm::Failed{said_error(object_in(response, "error"))});
        llm::Finished finished;
        finished.raw = status;
        if (status == "incomplete") {
            finished.raw = string_in(object_in(response, "incomplete_details"), "reason");
            finished.reason = finished.raw == "max_output_tokens" ? llm::Finish::length
                              : finished.raw == "content_filter"  ? llm::Finish::filtered
                                                                  : llm::Finish::other;
        } else if (status == "queued" || status == "in_progress" || status == "cancelled") {
            finished.reason = llm::Finish::other;
        } else if (called_) {
            finished.reason = llm::Finish::tool_calls;
        } else if (refused_) {
            finished.reason = llm::Finish::refused;
        }
        emit(std::move(finished));
    }

    /// Both shapes in use: the error's fields in the event itself, or in an object of their own.
    Result<void> error(const Json& event) {
        const auto* nested = member(event, "error");
        emit(llm::Failed{said_error(nested != nullptr ? *nested : event)});
        ended_ = true;
        return ok();
    }

    Result<void> whole(const Json& response) {
        auto object = string_in(response, "object");
        if (object != "response" && member(response, "output") == nullptr)
            return member(response, "error") != nullptr
                       ? error(response)
                       : fail(Code::upstream_failed, "the provider's reply is not a response");
        Json event = {{"response", response}};
        return terminal(event);
    }

    Frames frames_;
    std::vector<llm::ReplyEvent>* out_ = nullptr;
    std::map<std::int64_t, Item> items_;
    std::set<std::string> done_;  ///< ids: at the end some hosts count items in another way
    std::size_t parts_ = 0;
    std::int32_t next_block_ = 0;
    bool begun_ = false;
    std::int64_t searches_ = 0;  ///< of the web, that have ended
    bool ended_ = false;
    bool called_ = false;
    bool refused_ = false;
};

}  // namespace

std::unique_ptr<ReplyReader> new_responses_reader(const ReadOptions& options) {
    return std::make_unique<Reader>(options);
}

}  // namespace obliv::wire
