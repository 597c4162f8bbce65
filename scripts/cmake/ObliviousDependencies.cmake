# Third-party libraries, all from Debian 12 packages (docs/dependencies.md says why each is here).
# Every one is SYSTEM, so that our warnings judge our code only.

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(simdjson 3.0 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(xlsxwriter REQUIRED IMPORTED_TARGET xlsxwriter)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)

# libjq has no file for pkg-config or CMake in Debian.
find_path(OBLIV_JQ_INCLUDE jq.h REQUIRED)
find_library(OBLIV_JQ_LIBRARY jq REQUIRED)
add_library(obliv_jq INTERFACE)
target_include_directories(obliv_jq SYSTEM INTERFACE "${OBLIV_JQ_INCLUDE}")
target_link_libraries(obliv_jq INTERFACE "${OBLIV_JQ_LIBRARY}")
