"""check_style.py refuses each thing it names, by a file that has just that one, and lets clear code pass."""
import unittest

from support import TreeTest


class Style(TreeTest):
    script = "check_style.py"

    def coroutine(self, body: str) -> None:
        self.write("daemon/relay/a.cpp", f"awaitable<void> f() {{\n    {body}\n}}\n")

    def test_named_arguments_of_co_await_pass(self) -> None:
        for body in ("auto row = co_await run_blocking(pool, std::move(load_row));",
                     "co_return co_await exchange.finish();",
                     "if (auto done = co_await store(row); !done) {\n        co_return;\n    }",
                     "while (co_await next()) {\n        x = a ? b : c;\n    }",
                     "Row row{name, text};\n    co_await store(row, slots[2]);",
                     "auto load = [name] { return 1; };\n    auto row = co_await run(std::move(load));",
                     "// co_await f(Row{a});\n    auto text = \"co_await f(a ? b : c)\";",
                     "for (int i = 0; i < 3; ++i)\n        co_await step(i);\n    auto v = std::vector<int>{1};",
                     "if (x) {\n        y();\n    }\n    co_await z();",
                     "auto f = []() -> awaitable<Result<void>> {\n        co_await g();\n    };",
                     "std::vector<int> v{1};\n    co_await z(v);",
                     "switch (x) {\n    case 1:\n        co_await a();\n        break;\n    default: {\n        co_await b();\n    }\n    }"):
            with self.subTest(body):
                self.coroutine(body)
                self.assert_clean()

    def test_temporaries_around_co_await_are_refused(self) -> None:
        for body, what in (("auto done = co_await store(Row{name, text});", "braces"),
                           ("auto row = co_await run_blocking(pool, [name] { return load(name); });", "braces"),
                           ("auto row = co_await run(\n        Row{a});", "braces"),
                           ("co_await f(c ? a : b);", "?:"),
                           ("auto x = c ? co_await f() : 1;", "?:"),
                           ("auto x = g(Agg{1}, co_await f());", "braces"),
                           ("if (co_await f(Row{1})) {\n    }", "braces"),
                           ("auto x = Row{co_await f()};", "braces")):
            with self.subTest(body):
                self.coroutine(body)
                self.assert_refused("daemon/relay/a.cpp:2: co_await", what)

    def test_a_capturing_coroutine_lambda_is_refused_outside_loop(self) -> None:
        text = "auto f = [&a]() -> awaitable<void> {\n    co_return;\n};\n"
        self.write("core/loop/a.cpp", text)
        self.assert_clean()
        self.write("daemon/relay/a.cpp", text)
        self.assert_refused("daemon/relay/a.cpp:1: a coroutine that is a capturing lambda")

    def test_a_plain_lambda_may_capture(self) -> None:
        self.write("daemon/relay/a.cpp", "auto f = [&a](int x) { return a + x; };\nint v[3] = g[1];\n")
        self.assert_clean()

    def test_detached_is_refused(self) -> None:
        self.write("daemon/relay/a.cpp", "void f() {\n    co_spawn(x, g(), asio::detached);\n}\n")
        self.assert_refused("daemon/relay/a.cpp:2: detached")

    def test_a_header_needs_pragma_once(self) -> None:
        self.write("core/base/a.hpp", "int a();\n")
        self.assert_refused("core/base/a.hpp:1: a header without #pragma once")

    def test_includes_in_order_pass(self) -> None:
        self.write("core/base/a.cpp", '#include "core/base/a.hpp"\n\n#include "core/base/b.hpp"\n\n'
                                      "#include <openssl/evp.h>\n\n#include <string>\n#include <sys/socket.h>\n#include <vector>\n")
        self.assert_clean()

    def test_includes_out_of_order_are_refused(self) -> None:
        self.write("core/base/a.cpp", '#include <string>\n#include "core/base/b.hpp"\n')
        self.assert_refused("core/base/a.cpp:2: includes go")

    def test_unsorted_includes_are_refused(self) -> None:
        self.write("core/base/a.cpp", "#include <vector>\n#include <string>\n")
        self.assert_refused("core/base/a.cpp:2: includes are sorted")

    def test_text_rules(self) -> None:
        self.write("core/base/a.cpp", "\tint a;\nint b; \n// TO" "DO: c\n" + "int d;\n" * 600)
        self.assert_refused("a.cpp:1: a tab", "a.cpp:2: a trailing blank", "a.cpp:3: a note", "603 lines")

    def test_a_unit_test_that_sleeps_is_refused(self) -> None:
        self.write("tests/unit/base/a_test.cpp", "void f() {\n    std::this_thread::sleep_for(1s);\n}\n")
        self.assert_refused("tests/unit/base/a_test.cpp:2: a test sleeps")


if __name__ == "__main__":
    unittest.main()
