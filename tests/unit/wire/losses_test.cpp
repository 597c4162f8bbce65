#include "core/wire/losses.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace obliv;
using namespace obliv::wire;

namespace {

bool lost(const std::vector<Loss>& losses, std::string_view field) {
    return std::any_of(losses.begin(), losses.end(),
                       [&](const Loss& loss) { return loss.field == field; });
}

}  // namespace

TEST_CASE("a loss is named as its client calls it, and once", "[wire]") {
    llm::ChatRequest request;
    request.wire = "gemini";
    Losses losses(request, "openai");
    losses.add(Term::top_k, "there is no such thing");
    losses.add(Term::top_k, "there is no such thing");
    auto taken = std::move(losses).take();
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].field == "generationConfig.topK");
    CHECK(name_in("openai", Term::stop) == "stop");
    CHECK(name_in("anthropic", Term::stop) == "stop_sequences");
    for (int term = 0; term <= static_cast<int>(Term::cache_control); ++term)
        CHECK_FALSE(name_in("responses", static_cast<Term>(term)).empty());
}

TEST_CASE("what only another format knows is lost, what the target knows is not", "[wire]") {
    llm::ChatRequest request;
    request.wire = "anthropic";
    request.extras = {{"container", "{}"}, {"where_to_cache", "1", true}};
    llm::Message message;
    message.content.push_back({llm::Opaque{"anthropic", "{}"}});
    llm::Media file;
    file.source = llm::Media::Source::file_id;
    message.content.push_back({file});
    message.content.push_back({llm::Text{"a film"}, {}, {}, {{"videoMetadata", "{}"}}});
    request.messages.push_back(message);
    llm::Tool tool;
    tool.kind = llm::Tool::Kind::built_in;
    tool.extras = {{"defer_loading", "true"}};
    tool.name = "web_search";
    tool.wire = "anthropic";
    request.tools.push_back(tool);

    Losses abroad(request, "openai");
    abroad.add_foreign();
    auto taken = std::move(abroad).take();
    CHECK(lost(taken, "container"));
    CHECK_FALSE(lost(taken, "where_to_cache"));
    CHECK(lost(taken, "videoMetadata"));
    CHECK(lost(taken, "defer_loading"));
    CHECK(lost(taken, "a part of a message"));
    CHECK(lost(taken, "a file id in a message"));
    CHECK(lost(taken, "the tool 'web_search'"));

    Losses home(request, "anthropic");
    home.add_foreign();
    CHECK(std::move(home).take().empty());
}

TEST_CASE("a tool call id that a provider refuses is replaced, always by the same", "[wire]") {
    CHECK(fitting_id("toolu_01A", 0) == "toolu_01A");
    CHECK(fitting_id("abcDEF123", 9) == "abcDEF123");
    auto made = fitting_id("toolu_01A", 9);
    CHECK(made.size() == 9);
    CHECK(made == fitting_id("toolu_01A", 9));
    CHECK(made != fitting_id("toolu_01B", 9));
}
