#include "core/wire/gemini_wire.hpp"

#include "core/base/encoding.hpp"
#include "core/wire/media_type.hpp"
#include "core/wire/parts.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace obliv::wire {
namespace {

using std::string_view;

/// What Google takes in place of a signature for a call that another model made: base64 of
/// `context_engineering_is_the_way_to_go`, as a recorded conversation has it.
constexpr string_view signature_of_others = "Y29udGV4dF9lbmdpbmVlcmluZ19pc190aGVfd2F5X3RvX2dv";

/// Google has to be told what lies at a URL; where nobody said, the name of the file tells.
string_view type_by_name(string_view url) {
    struct Suffix {
        string_view suffix;
        string_view type;
    };
    constexpr std::array known{
        Suffix{".png", "image/png"},       Suffix{".jpg", "image/jpeg"},
        Suffix{".jpeg", "image/jpeg"},     Suffix{".webp", "image/webp"},
        Suffix{".gif", "image/gif"},       Suffix{".heic", "image/heic"},
        Suffix{".pdf", "application/pdf"}, Suffix{".txt", "text/plain"},
        Suffix{".mp3", "audio/mpeg"},      Suffix{".wav", "audio/wav"},
        Suffix{".mp4", "video/mp4"},       Suffix{".webm", "video/webm"},
    };
    auto path = url.substr(0, url.find_first_of("?#"));
    for (const auto& [suffix, type] : known)
        if (path.ends_with(suffix))
            return type;
    return {};
}

Json blob(string_view media_type, const std::string& base64, const std::string& name) {
    auto data = Json::object();
    data["mimeType"] = media_type;
    data["data"] = base64;
    if (!name.empty())
        data["displayName"] = name;
    return Json{{"inlineData", std::move(data)}};
}

Json file(const llm::Media& media) {
    auto data = Json::object();
    auto type = media.media_type.empty() ? type_by_name(media.data) : media.media_type;
    if (!type.empty())
        data["mimeType"] = type;
    data["fileUri"] = media.data;
    if (!media.name.empty())
        data["displayName"] = media.name;
    return Json{{"fileData", std::move(data)}};
}

/// Writes the turns of a conversation.
class Contents {
public:
    Contents(const llm::ChatRequest& request, Losses& losses)
        : request_(request), losses_(losses), must_sign_(gemini_thinks_in_levels(request.model)) {}

    Result<void> message(const llm::Message& message);
    /// Adds them to `body`.
    void give(Json& body) &&;

    // One for each kind of part; appends to the turn under way.
    void operator()(const llm::Text& text);
    void operator()(const llm::Refusal& refusal) { parts_->push_back({{"text", refusal.text}}); }
    void operator()(const llm::Media& media);
    void operator()(const llm::Thinking& thinking);
    void operator()(const llm::ToolCall& call);
    void operator()(const llm::ToolResult& result);
    void operator()(const llm::Opaque& opaque);

private:
    Json& turn(llm::Role role);
    void part(const llm::Part& part);
    void result_content(const llm::ToolResult& result, Json& response, Json& media);
    void add_extras(const std::vector<llm::Extra>& extras, Json& part);
    std::string name_of(const llm::ToolResult& result);

    const llm::ChatRequest& request_;
    Losses& losses_;
    Json contents_ = Json::array();
    Json system_ = Json::array();
    Json* parts_ = nullptr;  ///< of the turn under way
    std::optional<llm::Role> last_;
    bool must_sign_;  ///< the model refuses calls without a signature
    bool signed_ = false;
    Result<void> said_ = ok();
};

/// The parts of the turn that a message of this role belongs to: results of tools and what the user
/// says next are one turn, every other message is one of its own.
Json& Contents::turn(llm::Role role) {
    bool goes_on = last_ == llm::Role::tool && (role == llm::Role::tool || role == llm::Role::user);
    last_ = role;
    if (!goes_on)
        contents_.push_back(
            {{"role", role == llm::Role::assistant ? "model" : "user"}, {"parts", Json::array()}});
    return contents_.back()["parts"];
}

Result<void> Contents::message(const llm::Message& message) {
    bool instructs = message.role == llm::Role::system || message.role == llm::Role::developer;
    parts_ = instructs ? &system_ : &turn(message.role);
    signed_ = false;
    for (const auto& part : message.content)
        this->part(part);
    if (!message.name.empty())
        losses_.add(Term::message_name, "Gemini's turns have no names");
    return said_;
}

void Contents::part(const llm::Part& part) {
    auto before = parts_->size();
    std::visit(*this, part.what);
    if (parts_->size() == before)
        return;
    auto& written = (*parts_)[before];
    if (part.proof.wire == gemini_name)
        written["thoughtSignature"] = part.proof.data;
    if (losses_.same_wire())
        add_extras(part.extras, written);
}

/// `functionCall.x` goes into that object, a name without a dot beside it.
void Contents::add_extras(const std::vector<llm::Extra>& extras, Json& part) {
    for (const auto& extra : extras) {
        auto dot = extra.name.find('.');
        auto value = embedded(extra.value);
        if (dot == std::string::npos)
            part[extra.name] = std::move(value);
        else
            part[extra.name.substr(0, dot)][extra.name.substr(dot + 1)] = std::move(value);
    }
}

void Contents::operator()(const llm::Text& text) {
    parts_->push_back({{"text", text.text}});
}

void Contents::operator()(const llm::Media& media) {
    if (media.citations)
        losses_.add("citations", "Gemini does not cite documents of the request");
    if (!media.context.empty())
        parts_->push_back({{"text", media.context}});
    if (auto text = document_text(media)) {
        parts_->push_back(blob("text/plain", to_base64(*text), media.name));
        return;
    }
    switch (media.source) {
    case llm::Media::Source::base64:
        parts_->push_back(blob(media_type_of(media), media.data, media.name));
        return;
    case llm::Media::Source::url:
        parts_->push_back(file(media));
        return;
    case llm::Media::Source::file_id:  // of another provider: Losses::add_foreign says so
        if (losses_.same_wire())
            parts_->push_back(file(media));
        return;
    case llm::Media::Source::text:
    case llm::Media::Source::parts:  // of something else than text
        losses_.add(media_field(media), "Gemini takes a document as a whole");
        return;
    }
}

/// Thoughts of other models prove nothing to Google and are left out.
void Contents::operator()(const llm::Thinking& thinking) {
    bool own = thinking.proof.wire == gemini_name;
    if (!own && !(losses_.same_wire() && thinking.proof.wire.empty()))
        return;
    auto part = Json::object();
    if (!thinking.text.empty() || !losses_.same_wire())
        part["text"] = thinking.text;
    if (!thinking.text.empty() || losses_.same_wire())
        part["thought"] = true;
    if (own)
        part["thoughtSignature"] = thinking.proof.data;
    parts_->push_back(std::move(part));
}

void Contents::operator()(const llm::ToolCall& call) {
    auto function = Json::object();
    if (!call.id.starts_with(gemini_made_id) && !call.id.empty())
        function["id"] = call.id;
    function["name"] = call.name;
    auto arguments = call.custom ? Json{{"input", call.arguments}} : embedded(call.arguments);
    if (arguments.is_null() && call.arguments.find_first_not_of(" \n\t") == std::string::npos)
        arguments = Json::object();
    if (!arguments.is_object()) {
        losses_.add("the arguments of '" + call.name + "'", "Gemini takes a JSON object only");
        arguments = Json::object();
    }
    function["args"] = std::move(arguments);
    Json part{{"functionCall", std::move(function)}};
    if (call.proof.wire == gemini_name)
        part["thoughtSignature"] = call.proof.data;
    else if (must_sign_ && !signed_)
        part["thoughtSignature"] = signature_of_others;
    signed_ = true;  // of several calls in one turn only the first is signed
    parts_->push_back(std::move(part));
}

std::string Contents::name_of(const llm::ToolResult& result) {
    if (!result.name.empty())
        return result.name;
    for (const auto& message : request_.messages)
        for (const auto& part : message.content)
            if (const auto* call = std::get_if<llm::ToolCall>(&part.what))
                if (call->id == result.call_id)
                    return call->name;
    auto error = fail(Code::invalid_request, "the tool result '" + result.call_id.substr(0, 64) +
                                                 "' belongs to no call of the conversation");
    if (said_)
        said_ = std::move(error);
    return {};
}

/// Google's own clients give pictures with the response; what came from elsewhere lies beside it,
/// which older models understand too.
void Contents::result_content(const llm::ToolResult& result, Json& response, Json& media) {
    std::string text;
    for (const auto& part : result.content) {
        if (const auto* piece = std::get_if<llm::Text>(&part.what)) {
            text.append(text.empty() ? "" : "\n").append(piece->text);
        } else {
            auto* turn = parts_;
            parts_ = &media;
            this->part(part);
            parts_ = turn;
        }
    }
    auto object = text.starts_with("{") ? embedded(text) : Json();
    if (object.is_object() && !result.is_error)
        response = std::move(object);
    else
        response = Json{{result.is_error ? "error" : "output", text}};
}

void Contents::operator()(const llm::ToolResult& result) {
    auto function = Json::object();
    if (!result.call_id.starts_with(gemini_made_id) && !result.call_id.empty())
        function["id"] = result.call_id;
    function["name"] = name_of(result);
    auto media = Json::array();
    result_content(result, function["response"], media);
    if (!media.empty() && losses_.same_wire())
        function["parts"] = std::exchange(media, Json::array());
    parts_->push_back({{"functionResponse", std::move(function)}});
    for (auto& part : media)
        parts_->push_back(std::move(part));
}

void Contents::operator()(const llm::Opaque& opaque) {
    if (opaque.wire == gemini_name)  // else Losses::add_foreign says so
        parts_->push_back(embedded(opaque.json));
}

void Contents::give(Json& body) && {
    // An empty turn is refused; a turn of nothing but left-out thoughts would be one.
    for (auto& content : contents_)
        if (content["parts"].empty())
            content["parts"].push_back({{"text", ""}});
    // Nothing but instructions: somebody has to say something.
    if (contents_.empty() && !system_.empty() && !losses_.same_wire())
        contents_.push_back({{"role", "user"}, {"parts", std::exchange(system_, Json::array())}});
    if (contents_.empty() && !losses_.same_wire())
        losses_.add("messages", nobody_speaks);
    body["contents"] = std::move(contents_);
    if (!system_.empty())
        body["systemInstruction"] = Json{{"parts", std::move(system_)}};
}

}  // namespace

Result<void> write_gemini_contents(const llm::ChatRequest& request, Json& body, Losses& losses) {
    Contents contents(request, losses);
    for (const auto& message : request.messages)
        if (auto written = contents.message(message); !written)
            return written;
    std::move(contents).give(body);
    return ok();
}

}  // namespace obliv::wire
