# Third-party libraries, all from Debian 12 packages (docs/dependencies.md says why each is here).
# Every one is SYSTEM, so that our warnings judge our code only.

find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED)  # headers only
find_package(CURL 7.88 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(simdjson 3.0 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)

# Boost.Asio, header only: separate compilation would tie every file to one configuration for little gain.
add_library(obliv_asio INTERFACE)
target_link_libraries(obliv_asio INTERFACE Boost::headers Threads::Threads OpenSSL::SSL)
target_compile_definitions(obliv_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_REGEX)
# A request has about ten coroutine frames; Asio keeps two for reuse by itself and calls aligned_alloc for the rest.
target_compile_definitions(obliv_asio INTERFACE BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8)
# Coroutine frames come from Asio's recycling allocator and go back to it. GCC 12 sees the one through an
# inlined call and not the other, and takes them for a mismatch.
target_compile_options(obliv_asio INTERFACE -Wno-mismatched-new-delete)

# libjq has no file for pkg-config or CMake in Debian.
find_path(OBLIV_JQ_INCLUDE jq.h REQUIRED)
find_library(OBLIV_JQ_LIBRARY jq REQUIRED)
add_library(obliv_jq INTERFACE)
target_include_directories(obliv_jq SYSTEM INTERFACE "${OBLIV_JQ_INCLUDE}")
target_link_libraries(obliv_jq INTERFACE "${OBLIV_JQ_LIBRARY}")
