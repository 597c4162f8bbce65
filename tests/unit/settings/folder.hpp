#pragma once

#include "cli/settings/paths.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace obliv::cli {

/// A folder that goes away with the test, and files in it.
struct TestFolder {
    TestFolder() {
        std::string name = std::filesystem::temp_directory_path() / "obliv-settings-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~TestFolder() { std::filesystem::remove_all(path); }
    TestFolder(const TestFolder&) = delete;
    TestFolder& operator=(const TestFolder&) = delete;

    std::string write(const std::string& name, const std::string& text,
                      unsigned mode = 0600) const {
        auto file = path / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
        std::filesystem::permissions(file, static_cast<std::filesystem::perms>(mode));
        return file;
    }
    Paths paths() const {
        return {path / "config.toml", path / "system.toml", path / "state", path};
    }
    std::filesystem::path path;
};

inline Environment variables(std::map<std::string, std::string> values = {}) {
    return [values = std::move(values)](const char* name) {
        auto found = values.find(name);
        return found == values.end() ? std::string() : found->second;
    };
}

}  // namespace obliv::cli
