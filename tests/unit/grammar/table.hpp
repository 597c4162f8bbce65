#pragma once

#include "cli/command.hpp"

namespace obliv::cli {

/// A small command line for tests.
inline Command test_table() {
    auto run = [](Invocation&) { return Result<void>(ok()); };
    Command root{.name = "tool", .summary = "A tool"};
    Command ask{.name = "ask", .summary = "Ask"};
    ask.arguments = {{.name = "TEXT", .help = "words", .count = Argument::Count::many}};
    ask.flags = {{.name = "model", .value = "ID", .help = "model", .letter = 'm'},
                 {.name = "file",
                  .value = "F",
                  .help = "file",
                  .kind = Kind::file,
                  .letter = 'f',
                  .repeats = true},
                 {.name = "usage", .value = "", .help = "usage"}};
    ask.examples = {{"tool ask hello", "Asks"}};
    ask.errors = {Code::not_found};
    ask.run = run;
    Command token{.name = "token", .summary = "Tokens"};
    Command list{.name = "list", .summary = "List"};
    list.flags = {{.name = "limit", .value = "N", .help = "how many", .kind = Kind::count}};
    list.run = run;
    Command get{.name = "get", .summary = "Get"};
    get.arguments = {{.name = "TOKEN", .help = "which"}};
    get.run = run;
    Command remove{.name = "remove", .summary = "Remove"};
    remove.arguments = {{.name = "TOKEN", .help = "which", .count = Argument::Count::some}};
    remove.run = run;
    Command pay{.name = "pay", .summary = "Pay"};
    pay.arguments = {{.name = "AMOUNT", .help = "how much", .kind = Kind::money},
                     {.name = "TO",
                      .help = "whom",
                      .count = Argument::Count::optional,
                      .choices = {"me", "you"}}};
    pay.run = run;
    token.verbs = {list, get, remove, pay};
    root.verbs = {ask, token};
    return root;
}

}  // namespace obliv::cli
