"""check_layers.py refuses each kind of wrong arrow, by a tree that has just that one, and lets right ones pass."""
import unittest

from support import TreeTest


class Layers(TreeTest):
    script = "check_layers.py"

    def test_arrows_to_the_left_pass(self) -> None:
        self.write("core/base/a.hpp", "#pragma once\n#include <string>\n")
        self.write("core/ledger/b.cpp", '#include "core/base/a.hpp"\n')
        self.write("daemon/relay/c.cpp", '#include "core/ledger/b.hpp"\n#include "daemon/gate/d.hpp"\n')
        self.write("daemon/app.cpp", '#include "daemon/relay/c.hpp"\n')
        self.assert_clean()

    def test_an_include_to_the_right_is_refused_with_its_line(self) -> None:
        self.write("core/base/a.hpp", '#pragma once\n\n#include "core/llm/price.hpp"\n')
        self.assert_refused("core/base/a.hpp:3: core/base must not include core/llm")

    def test_folders_of_one_group_do_not_include_each_other(self) -> None:
        self.write("daemon/gate/a.cpp", '#include "daemon/billing/b.hpp"\n')
        self.assert_refused("daemon/gate must not include daemon/billing")

    def test_core_never_sees_the_programs(self) -> None:
        self.write("core/storage/a.cpp", '#include "daemon/gate/b.hpp"\n')
        self.write("core/client/a.cpp", '#include "cli/output/b.hpp"\n')
        self.assert_refused("core/storage must not include daemon/gate", "core/client must not include cli/output")

    def test_the_programs_do_not_see_each_other(self) -> None:
        self.write("cli/commands/a.cpp", '#include "daemon/gate/b.hpp"\n')
        self.assert_refused("cli/commands must not include daemon/gate")

    def test_services_know_no_http(self) -> None:
        self.write("daemon/billing/a.cpp", '#include "core/http/head.hpp"\n')
        self.assert_refused("daemon/billing must not include core/http")

    def test_an_unrooted_include_is_refused(self) -> None:
        self.write("core/base/a.cpp", '#include "a.hpp"\n')
        self.assert_refused("is not written from the root")

    def test_a_folder_without_a_place_is_refused(self) -> None:
        self.write("core/misc/a.cpp", "")
        self.assert_refused("core/misc has no place")

    def test_fenced_headers_stay_inside(self) -> None:
        self.write("core/storage/sqlite/a.cpp", "#include <sqlite3.h>\n")
        self.assert_clean()
        self.write("daemon/relay/a.cpp", "#include <boost/beast/websocket.hpp>\n")
        self.write("core/storage/b.cpp", "#include <sqlite3.h>\n")
        self.assert_refused("daemon/relay/a.cpp:1: <boost/beast", "core/storage/b.cpp:1: <sqlite3.h>")

    def test_uses_in_cmake_point_left_too(self) -> None:
        self.write("core/base/CMakeLists.txt", "obliv_library(base SOURCES a.cpp USES llm)\n")
        self.write("core/llm/CMakeLists.txt", "obliv_library(llm SOURCES b.cpp USES base OpenSSL::SSL)\n")
        self.assert_refused("base (core/base) must not use llm (core/llm)")

    def test_a_commented_use_is_no_use(self) -> None:
        self.write("core/base/CMakeLists.txt", "obliv_library(base SOURCES a.cpp)  # not USES llm\n")
        self.write("core/llm/CMakeLists.txt", "obliv_library(llm SOURCES b.cpp USES base)\n")
        self.assert_clean()


if __name__ == "__main__":
    unittest.main()
