"""scripts/quality names branchy functions and copied lines, and counts neither types nor comments."""
import unittest

from support import TreeTest

BRANCHY = "int {name}(int a) {{\n" + "    if (a)\n        return 1;\n" * 10 + "    return a;\n}}\n"


class Quality(TreeTest):
    script = "quality"

    def test_a_branchy_function_is_named_with_its_class_and_place(self) -> None:
        self.write("core/base/a.cpp", "int b;\n" + BRANCHY.format(name="Thing::decide"))
        self.assert_refused("core/base/a.cpp:2: Thing::decide has complexity 11", "1 functions, 1 of complexity above 10")

    def test_every_kind_of_branch_counts(self) -> None:
        self.write("core/base/a.cpp", "int f(int a) {\n    for (;;) { while (a) { if (a && a || a) { } } }\n"
                                      "    switch (a) { case 1: case 2: break; }\n    try { } catch (...) { }\n"
                                      "    auto g = [a] { return a ? 1 : a ? 2 : 3; };\n    auto h = a && a;\n    return a || a;\n}\n")
        self.assert_refused("f has complexity 12")

    def test_a_switch_is_a_table_and_a_reference_no_branch(self) -> None:
        cases = "".join(f"    case {i}:\n        return {i * 7};\n" for i in range(30))
        self.write("core/base/a.cpp", f"int f(int a) {{\n    switch (a) {{\n{cases}    }}\n    return 0;\n}}\n"
                                      "void g(int&& a, std::vector<int>&& b) {\n    auto&& c = a;\n}\n")
        code, output = self.run_script()
        self.assertEqual(code, 0, output)

    def test_constructors_and_operators_are_functions(self) -> None:
        self.write("core/base/a.cpp", BRANCHY.format(name="A::A").replace("(int a)", "(int a) noexcept : b_(a), c_(a)")
                   + BRANCHY.format(name="operator=="))
        self.assert_refused("A::A has complexity 11", "operator== has complexity 11")

    def test_copied_lines_are_counted_and_shown(self) -> None:
        lines = "".join(f"int copied_{i} = {i};\n" for i in range(10))
        self.write("core/base/a.cpp", lines)
        self.write("core/base/b.cpp", "int own;\n\n// words\n" + lines)
        self.assert_refused("core/base/a.cpp: duplicated lines 1-10", "core/base/b.cpp: duplicated lines 4-13",
                            "20 of 21 lines duplicated")

    def test_short_repeats_and_includes_are_no_copies(self) -> None:
        same = "#include <a>\n" * 20 + "int a;\nint b;\nint c;\n"
        self.write("core/base/a.cpp", same)
        self.write("core/base/b.cpp", same)
        code, output = self.run_script()
        self.assertEqual(code, 0, output)


if __name__ == "__main__":
    unittest.main()
