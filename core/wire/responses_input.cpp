#include "core/wire/responses_input.hpp"

#include "core/wire/data_uri.hpp"
#include "core/wire/responses_wire.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace obliv::wire {
namespace {

using llm::Media;
using llm::Message;
using llm::Role;

/// Base64 with its media type if the text is a data URI, else what `otherwise` says.
Media media_from(Media::Kind kind, std::string text, Media::Source otherwise) {
    Media media;
    media.kind = kind;
    if (auto data = parse_data_uri(text)) {
        media.data = std::move(data->base64);
        media.media_type = std::move(data->media_type);
        return media;
    }
    media.source = otherwise;
    media.data = std::move(text);
    return media;
}

/// Reads the `input` of one request, item by item.
class InputReader {
public:
    InputReader(llm::ChatRequest& request, Complaint& complaint)
        : request_(request), complaint_(complaint) {}

    void read(const Json& input) {
        if (input.is_string()) {
            add(Role::user).content.push_back({llm::Text{input.get<std::string>()}});
            return;
        }
        if (!input.is_array())
            return complaint_.expected("input", "a string or an array of items");
        for (std::size_t at = 0; at < input.size(); ++at)
            item(input[at], element_path("input", at));
        settle_proofs();
    }

private:
    using Handler = void (InputReader::*)(Fields&);

    static Handler handler_of(std::string_view type) {
        struct Row {
            std::string_view type;
            Handler handler;
        };
        static constexpr std::array rows{
            Row{"message", &InputReader::message},
            Row{"reasoning", &InputReader::reasoning},
            Row{"function_call", &InputReader::call},
            Row{"custom_tool_call", &InputReader::call},
            Row{"function_call_output", &InputReader::call_output},
            Row{"custom_tool_call_output", &InputReader::call_output},
        };
        for (const auto& row : rows)
            if (row.type == type)
                return row.handler;
        return nullptr;
    }

    void item(const Json& json, std::string path) {
        Fields fields(json, std::move(path), complaint_);
        std::string type;
        fields.read("type", type);
        if (type.empty() && fields.has("role"))
            type = "message";
        if (auto handler = handler_of(type))
            return (this->*handler)(fields);
        opaque(json, type);
    }

    Message& add(Role role) {
        request_.messages.push_back({role, {}});
        return request_.messages.back();
    }

    /// The message that ends the conversation so far, if it is of this role; else a new one.
    Message& last(Role role) {
        if (request_.messages.empty() || request_.messages.back().role != role)
            return add(role);
        return request_.messages.back();
    }

    /// What only this API knows: what the caller's side has done is a result, all else was the
    /// model's.
    void opaque(const Json& json, std::string_view type) {
        bool result = type.ends_with("_output") || type == "mcp_approval_response";
        auto& message = last(result ? Role::tool : Role::assistant);
        message.content.push_back({llm::Opaque{std::string(responses_name), json_text(json)}});
    }

    void message(Fields& fields) {
        std::string role;
        fields.read("role", role);
        fields.require("role", "who speaks");
        fields.require("content", "a string or an array of parts");
        static constexpr std::array<std::pair<std::string_view, Role>, 4> roles{
            {{"user", Role::user},
             {"assistant", Role::assistant},
             {"system", Role::system},
             {"developer", Role::developer}}};
        auto found =
            std::find_if(roles.begin(), roles.end(), [&](auto& row) { return row.first == role; });
        if (found == roles.end())
            return complaint_.expected(fields.path_of("role"),
                                       "`user`, `assistant`, `system` or `developer`");
        auto& target = joins(found->second) ? request_.messages.back() : add(found->second);
        if (const auto* content = fields.take("content"))
            read_content(*content, fields.path_of("content"), target.content);
    }

    /// A turn of the model: its thoughts are items before the message.
    bool joins(Role role) const {
        if (role != Role::assistant || request_.messages.empty() ||
            request_.messages.back().role != Role::assistant)
            return false;
        const auto& parts = request_.messages.back().content;
        return std::all_of(parts.begin(), parts.end(), [](const llm::Part& part) {
            return std::holds_alternative<llm::Thinking>(part.what);
        });
    }

    void read_content(const Json& content, const std::string& path, std::vector<llm::Part>& out) {
        if (content.is_string()) {
            out.push_back({llm::Text{content.get<std::string>()}});
            return;
        }
        if (!content.is_array())
            return complaint_.expected(path, "a string or an array of parts");
        for (std::size_t at = 0; at < content.size(); ++at) {
            Fields fields(content[at], element_path(path, at), complaint_);
            out.push_back(part(fields));
        }
    }

    llm::Part part(Fields& fields) {
        std::string type;
        fields.read("type", type);
        if (type == "input_text" || type == "output_text" || type == "text")
            return {text(fields)};
        if (type == "refusal") {
            llm::Refusal refusal;
            fields.read("refusal", refusal.text);
            return {std::move(refusal)};
        }
        if (type == "input_image")
            return {image(fields)};
        if (type == "input_file")
            return {file(fields)};
        if (type == "input_audio")
            return {audio(fields)};
        if (type.empty())
            complaint_.expected(fields.path_of("type"), "given: what the part is");
        return {llm::Opaque{std::string(responses_name), json_text(fields.object())}};
    }

    static llm::Text text(Fields& fields) {
        llm::Text out;
        fields.read("text", out.text);
        if (const auto* annotations = fields.take_array("annotations"))
            for (const auto& annotation : *annotations)
                out.citations.push_back(read_annotation(annotation));
        return out;
    }

    Media image(Fields& fields) {
        std::string detail;
        std::string file;
        std::string url;
        fields.read("detail", detail);
        fields.read("file_id", file);
        fields.read("image_url", url);
        if (file.empty() && url.empty())
            complaint_.expected(fields.path_of("image_url"), "given, or `file_id`");
        Media media = file.empty() ? media_from(Media::Kind::image, url, Media::Source::url)
                                   : media_from(Media::Kind::image, file, Media::Source::file_id);
        media.detail = std::move(detail);
        return media;
    }

    Media file(Fields& fields) {
        std::string id;
        std::string url;
        std::string data;
        std::string name;
        fields.read("file_id", id);
        fields.read("file_url", url);
        fields.read("file_data", data);
        fields.read("filename", name);
        Media media;
        if (!id.empty())
            media = media_from(Media::Kind::document, id, Media::Source::file_id);
        else if (!url.empty())
            media = media_from(Media::Kind::document, url, Media::Source::url);
        else if (!data.empty())
            media = media_from(Media::Kind::document, data, Media::Source::base64);
        else
            complaint_.expected(fields.path_of("file_data"), "given, or `file_url` or `file_id`");
        media.kind = Media::Kind::document;
        media.name = std::move(name);
        return media;
    }

    Media audio(Fields& fields) {
        Media media;
        media.kind = Media::Kind::audio;
        std::string format;
        if (const auto* inner = fields.take_object("input_audio")) {
            Fields sound(*inner, fields.path_of("input_audio"), complaint_);
            sound.read("data", media.data);
            sound.read("format", format);
        } else {
            complaint_.expected(fields.path_of("input_audio"), "an object");
        }
        media.media_type = "audio/" + (format.empty() ? std::string("wav") : format);
        return media;
    }

    void reasoning(Fields& fields) {
        std::string id;
        std::string sealed;
        fields.read("id", id);
        fields.read("encrypted_content", sealed);
        std::vector<llm::Thinking> thoughts;
        read_thoughts(fields, "summary", true, thoughts);
        read_thoughts(fields, "content", false, thoughts);
        OpenedProof proof = opened_proof(sealed);
        if (!proof.call_id.empty()) {
            call_proofs_.push_back(std::move(proof));
            return;
        }
        if (thoughts.empty())
            thoughts.emplace_back();
        if (!sealed.empty())
            thoughts.back().proof = std::move(proof.proof);
        auto& message = last(Role::assistant);
        for (auto& thought : thoughts) {
            thought.id = id;
            message.content.push_back({std::move(thought)});
        }
    }

    void read_thoughts(Fields& fields, std::string_view name, bool summary,
                       std::vector<llm::Thinking>& out) {
        const auto* array = fields.take_array(name);
        if (array == nullptr)
            return;
        for (std::size_t at = 0; at < array->size(); ++at) {
            Fields part((*array)[at], element_path(fields.path_of(name), at), complaint_);
            llm::Thinking thought;
            part.read("text", thought.text);
            thought.summary = summary;
            out.push_back(std::move(thought));
        }
    }

    void call(Fields& fields) {
        std::string type;
        fields.read("type", type);
        llm::ToolCall call;
        call.custom = type == "custom_tool_call";
        fields.read("call_id", call.id);
        fields.read("name", call.name);
        fields.read(call.custom ? "input" : "arguments", call.arguments);
        fields.require("call_id", "which result belongs to it");
        fields.require("name", "the tool's");
        last(Role::assistant).content.push_back({std::move(call)});
    }

    void call_output(Fields& fields) {
        llm::ToolResult result;
        fields.read("call_id", result.call_id);
        fields.require("call_id", "of the call that it answers");
        if (const auto* output = fields.take("output"))
            read_content(*output, fields.path_of("output"), result.content);
        last(Role::tool).content.push_back({std::move(result)});
    }

    /// Gives the tool calls the proofs that came back in items of their own.
    void settle_proofs() {
        for (auto& message : request_.messages)
            for (auto& part : message.content)
                if (auto* call = std::get_if<llm::ToolCall>(&part.what))
                    for (const auto& proof : call_proofs_)
                        if (proof.call_id == call->id)
                            call->proof = proof.proof;
    }

    llm::ChatRequest& request_;
    Complaint& complaint_;
    std::vector<OpenedProof> call_proofs_;
};

}  // namespace

void read_responses_input(const Json& input, llm::ChatRequest& out, Complaint& complaint) {
    InputReader(out, complaint).read(input);
}

}  // namespace obliv::wire
