// The Llama family. See Family.h.
#pragma once

#include "compiler/families/Family.h"

namespace tenon {

// Errors: readLlamaConfig's.
Result<std::unique_ptr<FamilyModel>> readLlama(ConfigReader &config);

} // namespace tenon
