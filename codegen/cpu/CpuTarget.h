#pragma once

#include "codegen/Target.h"

namespace tenon::codegen::cpu {

// The target behind all "cpu:" specs.
const Target &cpuTarget();

} // namespace tenon::codegen::cpu
