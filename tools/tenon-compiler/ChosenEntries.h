// Which entries `cache export` and `cache push` are about.
#pragma once

#include "compiler/cache/Store.h"

namespace tenon::cli {

// The whole entries whose keys begin as one of `beginnings` does, all where there is none of these; engines bring their
// weights. Sorted: an engine comes behind what it needs. Usage for a beginning that no key has.
Result<std::vector<cache::Key>> chooseEntries(const cache::Store &store, const std::vector<std::string> &beginnings);

} // namespace tenon::cli
