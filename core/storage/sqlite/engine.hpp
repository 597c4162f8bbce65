#pragma once

#include "core/storage/engine.hpp"

namespace obliv::storage::sqlite {

Result<std::unique_ptr<Engine>> open_engine(const Options& options);
Result<SchemaState> schema_state(const Options& options);
Result<SchemaState> migrate_to(const Options& options, int version);

}  // namespace obliv::storage::sqlite
