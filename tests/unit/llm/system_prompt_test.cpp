#include "core/llm/system_prompt.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace obliv::llm;
using Place = SystemPrompt::Place;

namespace {

Message said(Role role, std::string text) {
    Message message;
    message.role = role;
    if (!text.empty())
        message.content.push_back({Text{std::move(text)}});
    return message;
}

/// The roles' initials and texts after the prompt was put in: `sRules. uHi`.
std::string after(std::vector<Message> messages, Place place) {
    ChatRequest request;
    request.messages = std::move(messages);
    inject(request, {"Rules.", place});
    std::string out;
    for (const auto& message : request.messages) {
        out += out.empty() ? "" : " ";
        out += "sduat"[static_cast<std::size_t>(message.role)];
        for (const auto& part : message.content)
            out += std::get<Text>(part.what).text;
    }
    return out;
}

}  // namespace

TEST_CASE("a prompt goes where it is told among the caller's own", "[llm]") {
    std::vector<Message> own{said(Role::system, "A"), said(Role::developer, "B"),
                             said(Role::user, "x"), said(Role::system, "C")};
    CHECK(after(own, Place::prepend) == "sRules. sA dB ux sC");
    CHECK(after(own, Place::append) == "sA dB sRules. ux sC");
    CHECK(after(own, Place::when_absent) == "sA dB ux sC");
    CHECK(after(own, Place::replace) == "sRules. ux");
}

TEST_CASE("without a prompt of the caller every place is the first", "[llm]") {
    for (auto place : {Place::prepend, Place::append, Place::when_absent, Place::replace}) {
        CHECK(after({said(Role::user, "x")}, place) == "sRules. ux");
        CHECK(after({}, place) == "sRules.");
    }
    // One that says nothing is none.
    CHECK(after({said(Role::system, ""), said(Role::user, "x")}, Place::when_absent) ==
          "sRules. s ux");
    // One that comes late is one all the same.
    CHECK(after({said(Role::user, "x"), said(Role::system, "C")}, Place::when_absent) == "ux sC");
}

TEST_CASE("it is told whether a prompt was put in", "[llm]") {
    ChatRequest request;
    CHECK(inject(request, {"Rules.", Place::when_absent}));
    CHECK_FALSE(inject(request, {"Others.", Place::when_absent}));
}

TEST_CASE("places have the names that settings call them by", "[llm]") {
    CHECK(name_of(Place::prepend) == "prepend");
    CHECK(name_of(Place::append) == "append");
    CHECK(name_of(Place::when_absent) == "when_absent");
    CHECK(name_of(Place::replace) == "replace");
}
