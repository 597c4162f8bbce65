#include "core/providers/custom.hpp"

#include "core/base/text.hpp"
#include "core/config/value.hpp"
#include "core/wire/mapped.hpp"
#include "core/wire/openai.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

namespace obliv::providers {
namespace {

using config::Entry;
using config::Value;

constexpr std::size_t text_bytes_max = 64U << 10;
constexpr std::size_t name_bytes_max = 64;

/// What a description says, owning every text that its Provider points at.
class Described final : public Custom {
public:
    const Provider& provider() const noexcept override { return provider_; }

    /// A copy that stays where it is.
    std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }

    std::deque<std::string> texts;
    std::vector<Offer> offers;
    std::vector<std::pair<std::string_view, std::string_view>> headers;
    wire::MappedDialect dialect;
    bool maps = false;  ///< the mapping says something
    const wire::Wire* format = &wire::openai;
    Provider provider_{"", "", {}};
};

Error at(const Entry& entry, std::string message) {
    auto error = fail(Code::invalid_request, entry.place.text() + ": " + std::move(message));
    error.param = entry.section.empty() ? entry.key : entry.section + "." + entry.key;
    return error;
}

Error expected(const Entry& entry, std::string_view what) {
    return at(entry, "expected " + std::string(what) + " for '" + entry.key + "', got " +
                         entry.value.described());
}

struct Flag {
    std::string_view key;
    bool wire::Dialect::*member;
};
constexpr std::array flags{
    Flag{"developer_role", &wire::Dialect::developer_role},
    Flag{"stream_options", &wire::Dialect::stream_options},
    Flag{"parallel_tool_calls", &wire::Dialect::parallel_tool_calls},
    Flag{"json_schema", &wire::Dialect::json_schema},
    Flag{"seed", &wire::Dialect::seed},
    Flag{"top_k", &wire::Dialect::top_k},
    Flag{"hints", &wire::Dialect::hints},
    Flag{"reasoning_in_requests", &wire::Dialect::reasoning_in_requests},
};

struct Word {
    std::string_view key;
    std::string_view wire::Dialect::*member;
};
constexpr std::array words{
    Word{"reasoning_field", &wire::Dialect::reasoning_field},
    Word{"output_limit_field", &wire::Dialect::output_limit_field},
};

struct PathKey {
    std::string_view key;
    Operation operation;
    std::string_view method;
};
constexpr std::array path_keys{
    PathKey{"models", Operation::models, "GET"},
    PathKey{"embeddings", Operation::embeddings, "POST"},
    PathKey{"rerank", Operation::rerank, "POST"},
    PathKey{"moderations", Operation::moderations, "POST"},
    PathKey{"image_generations", Operation::image_generations, "POST"},
    PathKey{"image_edits", Operation::image_edits, "POST"},
    PathKey{"image_variations", Operation::image_variations, "POST"},
    PathKey{"speech", Operation::speech, "POST"},
    PathKey{"transcriptions", Operation::transcriptions, "POST"},
    PathKey{"translations", Operation::translations, "POST"},
};

class Reader {
public:
    explicit Reader(Described& out) : out_(out) {}

    Result<void> read(const config::Document& document) {
        for (const auto& entry : document.entries)
            if (auto taken = take(entry); !taken)
                return taken;
        return complete();
    }

private:
    using Take = Result<void> (Reader::*)(const Entry&);

    Result<void> take(const Entry& entry) {
        static constexpr std::array<std::pair<std::string_view, Take>, 12> sections{{
            {"", &Reader::take_top},
            {"auth", &Reader::take_auth},
            {"headers", &Reader::take_header},
            {"paths", &Reader::take_path},
            {"dialect", &Reader::take_dialect},
            {"request", &Reader::take_request},
            {"request.move", &Reader::take_request_move},
            {"request.set", &Reader::take_request_set},
            {"reply.move", &Reader::take_reply_move},
            {"event.move", &Reader::take_event_move},
            {"stream", &Reader::take_stream},
            {"finish", &Reader::take_finish},
        }};
        for (const auto& [name, reader] : sections)
            if (entry.section == name)
                return (this->*reader)(entry);
        if (entry.section == "errors")
            return take_errors(entry);
        if (entry.section == "errors.words")
            return take_error_word(entry);
        return at(entry, "there is no section '" + entry.section + "'");
    }

    static Result<std::string> text_of(const Entry& entry) {
        if (entry.value.kind != Value::Kind::text)
            return expected(entry, "a text");
        if (entry.value.text.size() > 1024 ||
            entry.value.text.find_first_of(std::string("\r\n\0", 3)) != std::string::npos)
            return at(entry, "'" + entry.key + "' is longer than a line");
        return entry.value.text;
    }

    static Error unknown(const Entry& entry) {
        auto where = entry.section.empty() ? "here" : "in [" + entry.section + "]";
        return at(entry, "there is no '" + entry.key + "' " + where);
    }

    Result<void> take_top(const Entry& entry) {
        auto text = text_of(entry);
        if (!text)
            return text.error();
        if (entry.key == "name")
            return take_name(entry, *text);
        if (entry.key == "format") {
            out_.format = wire::find(*text);
            // Spark's messages go over a WebSocket, which no description has a word for.
            if (out_.format == nullptr || out_.format->write_request == nullptr ||
                out_.format->name == "spark")
                return at(entry, "no format of providers is called '" + *text + "'");
        } else if (entry.key == "base_url") {
            if (!text->starts_with("https://") && !text->starts_with("http://"))
                return at(entry, "'base_url' begins with https:// or http://");
            while (text->ends_with('/'))
                text->pop_back();
            out_.provider_.default_base_url = out_.keep(std::move(*text));
        } else if (entry.key != "about") {
            return unknown(entry);
        }
        return ok();
    }

    Result<void> take_name(const Entry& entry, const std::string& name) {
        auto plain = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        };
        if (name.empty() || name.size() > name_bytes_max ||
            !std::all_of(name.begin(), name.end(), plain) || parse_int(name))
            return at(entry, "a name is small letters, digits, '-' and '_', and no number");
        if (find(name) != nullptr)
            return at(entry, "'" + name + "' is built in");
        out_.provider_.name = out_.keep(name);
        return ok();
    }

    Result<void> take_auth(const Entry& entry) {
        auto text = text_of(entry);
        if (!text)
            return text.error();
        if (entry.key == "header")
            out_.provider_.credential.header = out_.keep(lowered(*text));
        else if (entry.key == "prefix")
            out_.provider_.credential.prefix = out_.keep(std::move(*text));
        else
            return unknown(entry);
        return ok();
    }

    Result<void> take_header(const Entry& entry) {
        auto text = text_of(entry);
        if (!text)
            return text.error();
        auto name = lowered(entry.key);
        bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
        static constexpr std::array<std::string_view, 5> ours{
            "host", "content-length", "transfer-encoding", "connection", "content-type"};
        if (!token || std::find(ours.begin(), ours.end(), name) != ours.end())
            return at(entry, "'" + entry.key + "' cannot be set");
        auto kept = out_.keep(std::move(name));
        out_.headers.emplace_back(kept, out_.keep(std::move(*text)));
        return ok();
    }

    Result<void> take_path(const Entry& entry) {
        auto text = text_of(entry);
        if (!text)
            return text.error();
        if (!text->starts_with('/') || text->find(' ') != std::string::npos)
            return at(entry, "a path begins with a slash and has no spaces");
        if (entry.key == "chat")
            chat_ = out_.keep(std::move(*text));
        else if (entry.key == "chat_stream")
            chat_stream_ = out_.keep(std::move(*text));
        else
            return take_other_path(entry, std::move(*text));
        return ok();
    }

    Result<void> take_other_path(const Entry& entry, std::string text) {
        for (const auto& known : path_keys)
            if (entry.key == known.key) {
                out_.offers.push_back(
                    {known.operation, nullptr, out_.keep(std::move(text)), {}, known.method});
                return ok();
            }
        return unknown(entry);
    }

    Result<void> take_dialect(const Entry& entry) {
        auto& dialect = out_.dialect;
        for (const auto& flag : flags)
            if (entry.key == flag.key) {
                if (entry.value.kind != Value::Kind::boolean)
                    return expected(entry, "true or false");
                dialect.*flag.member = entry.value.boolean;
                return ok();
            }
        for (const auto& word : words)
            if (entry.key == word.key) {
                auto text = text_of(entry);
                if (!text)
                    return text.error();
                dialect.*word.member = out_.keep(std::move(*text));
                return ok();
            }
        if (entry.key != "tool_call_id_bytes")
            return unknown(entry);
        if (entry.value.kind != Value::Kind::integer || entry.value.integer < 0 ||
            entry.value.integer > 64)
            return expected(entry, "a number from 0 to 64");
        dialect.tool_call_id_bytes = static_cast<std::size_t>(entry.value.integer);
        return ok();
    }

    // The mapping.

    static Result<wire::JsonPath> path_of(const Entry& entry, std::string_view text) {
        auto path = wire::JsonPath::parse(text);
        if (!path)
            return at(entry, "'" + std::string(text) + "' is no path such as choices.0.text");
        return *path;
    }

    Result<void> take_move(const Entry& entry, std::vector<wire::Mapping::Move>& moves) {
        auto target = text_of(entry);
        if (!target)
            return target.error();
        auto from = path_of(entry, entry.key);
        auto to = path_of(entry, *target);
        if (!from || !to)
            return from ? to.error() : from.error();
        moves.push_back({std::move(*from), std::move(*to)});
        out_.maps = true;
        return ok();
    }

    Result<void> take_request(const Entry& entry) {
        if (entry.key != "remove")
            return unknown(entry);
        if (entry.value.kind != Value::Kind::list)
            return expected(entry, "a list of paths");
        for (const auto& item : entry.value.list) {
            auto path = path_of(entry, item.text);
            if (!path)
                return path.error();
            out_.dialect.mapping.request_remove.push_back(std::move(*path));
        }
        out_.maps = true;
        return ok();
    }

    Result<void> take_request_move(const Entry& entry) {
        return take_move(entry, out_.dialect.mapping.request_move);
    }
    Result<void> take_reply_move(const Entry& entry) {
        return take_move(entry, out_.dialect.mapping.reply_move);
    }
    Result<void> take_event_move(const Entry& entry) {
        return take_move(entry, out_.dialect.mapping.event_move);
    }

    Result<void> take_request_set(const Entry& entry) {
        auto path = path_of(entry, entry.key);
        if (!path)
            return path.error();
        llm::JsonText value;
        if (entry.value.kind == Value::Kind::text)
            wire::append_quoted(value, entry.value.text);
        else if (entry.value.kind == Value::Kind::integer)
            value = std::to_string(entry.value.integer);
        else if (entry.value.kind == Value::Kind::boolean)
            value = entry.value.boolean ? "true" : "false";
        else
            return expected(entry, "a text, a whole number, true or false");
        out_.dialect.mapping.request_set.emplace_back(std::move(*path), std::move(value));
        out_.maps = true;
        return ok();
    }

    Result<void> take_stream(const Entry& entry) {
        auto text = text_of(entry);
        if (!text)
            return text.error();
        using Stream = wire::Mapping::Stream;
        out_.maps = true;
        if (entry.key == "done")
            out_.dialect.mapping.done = std::move(*text);
        else if (entry.key != "form")
            return unknown(entry);
        else if (*text == "sse")
            out_.dialect.mapping.stream = Stream::sse;
        else if (*text == "objects")
            out_.dialect.mapping.stream = Stream::objects;
        else
            return at(entry, "'form' is sse or objects");
        return ok();
    }

    Result<void> take_words(const Entry& entry, wire::Mapping::Words& to) {
        auto text = text_of(entry);
        if (!text)
            return text.error();
        to[entry.key] = std::move(*text);
        out_.maps = true;
        return ok();
    }

    Result<void> take_finish(const Entry& entry) {
        return take_words(entry, out_.dialect.mapping.finish_words);
    }
    Result<void> take_error_word(const Entry& entry) {
        return take_words(entry, out_.dialect.mapping.error_words);
    }

    Result<void> take_errors(const Entry& entry) {
        out_.maps = true;
        if (entry.key == "success") {
            if (entry.value.kind != Value::Kind::list)
                return expected(entry, "a list of texts");
            for (const auto& item : entry.value.list)
                out_.dialect.mapping.success_codes.push_back(item.text);
            return ok();
        }
        if (entry.key != "message" && entry.key != "code")
            return unknown(entry);
        auto text = text_of(entry);
        if (!text)
            return text.error();
        auto path = path_of(entry, *text);
        if (!path)
            return path.error();
        (entry.key == "code" ? out_.dialect.mapping.error_code
                             : out_.dialect.mapping.error_message) = std::move(*path);
        return ok();
    }

    Result<void> complete() {
        if (out_.provider_.name.empty())
            return missing("name");
        if (out_.maps && out_.format != &wire::openai)
            return fail(Code::invalid_request, "only the format openai can be mapped, not " +
                                                   std::string(out_.format->name));
        if (chat_.empty() && out_.offers.empty())
            return missing("paths.chat");
        if (!chat_.empty())
            out_.offers.insert(out_.offers.begin(),
                               {Operation::chat, out_.maps ? &wire::mapped : out_.format, chat_,
                                chat_stream_, "POST"});
        out_.provider_.offers = out_.offers;
        out_.provider_.headers = out_.headers;
        out_.provider_.described = &out_.dialect;
        return ok();
    }

    static Error missing(std::string_view what) {
        auto error = fail(Code::invalid_request, "'" + std::string(what) + "' is missing");
        error.param = what;
        return error;
    }

    static std::string lowered(std::string text) {
        for (auto& c : text)
            c = lower(c);
        return text;
    }

    Described& out_;
    std::string_view chat_;
    std::string_view chat_stream_;
};

}  // namespace

Result<std::shared_ptr<const Custom>> Custom::parse(std::string_view toml,
                                                    const std::string& file) {
    if (toml.size() > text_bytes_max)
        return fail(Code::invalid_request, "a description has at most 64 KiB");
    std::vector<config::Problem> problems;
    auto document = config::read_toml(toml, file, problems);
    if (!problems.empty())
        return fail(Code::invalid_request,
                    problems.front().place.text() + ": " + problems.front().message);
    auto described = std::make_shared<Described>();
    if (auto read = Reader(*described).read(document); !read)
        return read.error();
    return std::shared_ptr<const Custom>(std::move(described));
}

}  // namespace obliv::providers
