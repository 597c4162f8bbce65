#include "core/wire/gemini_wire.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using std::string_view;

/// Gives calls that have no id one, and finds the call that a result belongs to: the first of that
/// name that has none yet.
class CallIds {
public:
    std::string called(const std::string& name, const std::string& id) {
        auto given = id.empty() ? made() : id;
        open_.push_back({name, given});
        return given;
    }
    std::string answered(const std::string& name, const std::string& id) {
        auto found = std::find_if(open_.begin(), open_.end(), [&](const Open& call) {
            return id.empty() ? call.name == name : call.id == id;
        });
        if (found == open_.end())
            return id.empty() ? made() : id;
        auto given = found->id;
        open_.erase(found);
        return given;
    }

private:
    struct Open {
        std::string name;
        std::string id;
    };
    std::string made() { return std::string(gemini_made_id) + std::to_string(++made_); }

    std::vector<Open> open_;
    std::size_t made_ = 0;
};

llm::Media media_of(Fields& data, llm::Media::Source source) {
    llm::Media media;
    media.source = source;
    data.read("mimeType", media.media_type);
    data.read("displayName", media.name);
    media.kind = media_kind(media.media_type);
    return media;
}

/// Files that were uploaded to Google mean nothing to anybody else.
llm::Media::Source source_of(string_view uri) {
    constexpr string_view files = "generativelanguage.googleapis.com/";
    bool theirs = uri.starts_with("gs://") || uri.find(files) != string_view::npos ||
                  uri.starts_with("files/");
    return theirs ? llm::Media::Source::file_id : llm::Media::Source::url;
}

llm::Media inline_data(const Json& value, const std::string& path, Complaint& complaint) {
    Fields data(value, path, complaint);
    auto media = media_of(data, llm::Media::Source::base64);
    data.read("data", media.data);
    return media;
}

llm::Media file_data(const Json& value, const std::string& path, Complaint& complaint) {
    Fields data(value, path, complaint);
    std::string uri;
    data.read("fileUri", uri);
    auto media = media_of(data, source_of(uri));
    media.data = std::move(uri);
    if (media.media_type.empty() && media.data.find("youtu") != std::string::npos)
        media.kind = llm::Media::Kind::video;
    return media;
}

/// Reads the parts of one turn.
class Parts {
public:
    Parts(CallIds& ids, Complaint& complaint) : ids_(ids), complaint_(complaint) {}

    /// Where a turn of the user has results of tools among other things, there is a message for
    /// each run of either.
    void read(const Json& content, const std::string& path, llm::Role role,
              std::vector<llm::Message>& out);

private:
    llm::Part part(const Json& value, const std::string& path);
    llm::Part of_kind(Fields& fields);
    llm::Part text(Fields& fields);
    std::string name(Fields& function);
    llm::Part call(const Json& value, const std::string& path);
    llm::Part result(const Json& value, const std::string& path);
    void signature(Fields& fields, llm::Part& out);

    CallIds& ids_;
    Complaint& complaint_;
};

void Parts::read(const Json& content, const std::string& path, llm::Role role,
                 std::vector<llm::Message>& out) {
    Fields fields(content, path, complaint_);
    const auto* parts = fields.take_array("parts");
    out.push_back({role, {}, {}});
    if (parts == nullptr)
        return;
    for (std::size_t i = 0; i < parts->size(); ++i) {
        auto read = part((*parts)[i], element_path(fields.path_of("parts"), i));
        bool is_result = std::holds_alternative<llm::ToolResult>(read.what);
        auto wanted = is_result ? llm::Role::tool : role;
        if (out.back().content.empty())
            out.back().role = wanted;
        else if (out.back().role != wanted)
            out.push_back({wanted, {}, {}});
        out.back().content.push_back(std::move(read));
    }
}

llm::Part Parts::part(const Json& value, const std::string& path) {
    Fields fields(value, path, complaint_);
    auto out = of_kind(fields);
    if (auto* opaque = std::get_if<llm::Opaque>(&out.what)) {
        opaque->json = json_text(value);
        return out;
    }
    signature(fields, out);
    keep_rest(fields, {}, {"mediaResolution", "partMetadata"}, out.extras);
    return out;
}

llm::Part Parts::of_kind(Fields& fields) {
    auto path = [&fields](string_view name) { return fields.path_of(name); };
    if (const auto* value = fields.take_object("functionCall"))
        return call(*value, path("functionCall"));
    if (const auto* value = fields.take_object("functionResponse"))
        return result(*value, path("functionResponse"));
    if (const auto* value = fields.take_object("inlineData"))
        return {inline_data(*value, path("inlineData"), complaint_)};
    if (const auto* value = fields.take_object("fileData"))
        return {file_data(*value, path("fileData"), complaint_)};
    if (fields.has("text") || fields.has("thoughtSignature"))
        return text(fields);
    return {llm::Opaque{std::string(gemini_name), {}}};
}

llm::Part Parts::text(Fields& fields) {
    std::string text;
    bool thought = false;
    fields.read("text", text);
    fields.read("thought", thought);
    if (!thought)
        return {llm::Text{std::move(text)}};
    llm::Thinking thinking;
    thinking.text = std::move(text);
    thinking.summary = true;
    return {std::move(thinking)};
}

/// Google requires it of calls and of results, and every other format needs one of the two.
std::string Parts::name(Fields& function) {
    std::string name;
    function.read("name", name);
    if (name.empty())
        complaint_.expected(function.path_of("name"), "the name of the function");
    return name;
}

llm::Part Parts::call(const Json& value, const std::string& path) {
    Fields fields(value, path, complaint_);
    llm::ToolCall call;
    call.name = name(fields);
    std::string id;
    fields.read("id", id);
    const auto* arguments = fields.take_object("args");
    call.arguments = arguments != nullptr ? json_text(*arguments) : "{}";
    call.id = ids_.called(call.name, id);
    llm::Part out{std::move(call)};
    keep_rest(fields, "functionCall.", {"willContinue"}, out.extras);
    return out;
}

/// `{"output": "…"}` and `{"error": "…"}` are how Google says a text; any other object is given as
/// its JSON.
void read_response(const Json& response, llm::ToolResult& out) {
    const auto* output = response.size() == 1 ? member(response, "output") : nullptr;
    const auto* error = response.size() == 1 ? member(response, "error") : nullptr;
    const auto* said = output != nullptr ? output : error;
    // A text that looks like an object would come back as one.
    bool plain = said != nullptr && said->is_string() && !said->get<std::string>().starts_with("{");
    out.is_error = plain && error != nullptr;
    auto text = plain ? said->get<std::string>() : json_text(response);
    out.content.push_back({llm::Text{std::move(text)}});
}

llm::Part Parts::result(const Json& value, const std::string& path) {
    Fields fields(value, path, complaint_);
    llm::ToolResult result;
    result.name = name(fields);
    std::string id;
    fields.read("id", id);
    result.call_id = ids_.answered(result.name, id);
    if (const auto* response = fields.take_object("response"))
        read_response(*response, result);
    if (const auto* parts = fields.take_array("parts"))
        for (std::size_t i = 0; i < parts->size(); ++i)
            result.content.push_back(part((*parts)[i], element_path(fields.path_of("parts"), i)));
    llm::Part out{std::move(result)};
    keep_rest(fields, "functionResponse.", {"willContinue"}, out.extras);
    return out;
}

void Parts::signature(Fields& fields, llm::Part& out) {
    std::string signature;
    fields.read("thoughtSignature", signature);
    if (signature.empty())
        return;
    auto proof = proof_of(signature);
    if (auto* thought = std::get_if<llm::Thinking>(&out.what)) {
        thought->redacted = redacted_signature(signature);
        thought->summary = proof.wire == gemini_name;
        thought->proof = std::move(proof);
    } else if (auto* call = std::get_if<llm::ToolCall>(&out.what)) {
        call->proof = std::move(proof);
    } else {
        out.proof = std::move(proof);
    }
}

std::optional<llm::Role> role_of(const Json& content) {
    auto role = string_in(content, "role");
    if (role.empty() || role == "user" || role == "function")
        return llm::Role::user;
    return role == "model" ? std::optional(llm::Role::assistant) : std::nullopt;
}

}  // namespace

void read_gemini_contents(Fields& body, llm::ChatRequest& out) {
    CallIds ids;
    auto& complaint = body.complaint();
    Parts parts(ids, complaint);
    if (const auto* instruction = body.take_object("systemInstruction")) {
        parts.read(*instruction, "systemInstruction", llm::Role::system, out.messages);
        // Nobody reads the role, and the same is to go back.
        if (const auto* role = member(*instruction, "role"))
            out.extras.push_back({"systemInstruction.role", json_text(*role), true});
    }
    const auto* contents = body.take_array("contents");
    if (contents == nullptr)
        return;
    for (std::size_t i = 0; i < contents->size(); ++i) {
        auto path = element_path("contents", i);
        const auto& content = (*contents)[i];
        auto role = content.is_object() ? role_of(content) : llm::Role::user;
        if (!role)
            complaint.expected(path + ".role", "'user' or 'model'");
        parts.read(content, path, role.value_or(llm::Role::user), out.messages);
    }
}

}  // namespace obliv::wire
