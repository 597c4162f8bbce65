#include "core/wire/openai_citation.hpp"

#include <nlohmann/json.hpp>

namespace obliv::wire {

llm::Citation url_citation(const Json& annotation) {
    llm::Citation citation;
    citation.raw = json_text(annotation);
    const auto* url = member(annotation, "url_citation");
    if (url == nullptr)
        return citation;
    citation.url = string_in(*url, "url");
    citation.title = string_in(*url, "title");
    citation.text_from = int_in(*url, "start_index").value_or(-1);
    citation.text_to = int_in(*url, "end_index").value_or(-1);
    return citation;
}

}  // namespace obliv::wire
