# obliv_embed_migrations(output folder): writes a C++ source with every NNNN_name.sql of the folder,
# in order, so that the programs carry their schema with them. Configuring runs again when a file
# is added or changed.
function(obliv_embed_migrations output folder)
    file(GLOB files CONFIGURE_DEPENDS "${folder}/*.sql")
    list(SORT files)
    set(rows "")
    set(before 0)
    foreach(file IN LISTS files)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
        get_filename_component(stem "${file}" NAME_WE)
        if(NOT stem MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
            message(FATAL_ERROR "${file}: a migration is called NNNN_name.sql")
        endif()
        math(EXPR version "1${CMAKE_MATCH_1} - 10000")
        math(EXPR before "${before} + 1")
        if(NOT version EQUAL before)
            message(FATAL_ERROR "${file}: the next migration is number ${before}")
        endif()
        file(READ "${file}" text)
        string(APPEND rows "    {${version}, \"${CMAKE_MATCH_2}\", R\"sql(${text})sql\"},\n")
    endforeach()
    file(CONFIGURE OUTPUT "${output}" @ONLY CONTENT
"#include \"core/storage/sqlite/migrate.hpp\"

namespace obliv::storage::sqlite {
namespace {
constexpr Migration list[] = {
@rows@};
}  // namespace

std::span<const Migration> embedded_migrations() noexcept { return list; }

}  // namespace obliv::storage::sqlite
")
endfunction()
