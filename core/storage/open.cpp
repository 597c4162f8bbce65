// The list of storage backends: the one place that names them.
#include "core/storage/open.hpp"

#include "core/storage/sqlite/engine.hpp"

namespace obliv::storage {

Result<std::unique_ptr<Engine>> open_engine(const Options& options) {
    return sqlite::open_engine(options);
}

Result<SchemaState> schema_state(const Options& options) {
    return sqlite::schema_state(options);
}

Result<SchemaState> migrate_to(const Options& options, int version) {
    return sqlite::migrate_to(options, version);
}

}  // namespace obliv::storage
