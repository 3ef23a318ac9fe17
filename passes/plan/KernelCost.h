// The work of one launch of a kernel, for reports and the runtime's figures.
#pragma once

#include "dialects/kernel/Kernel.h"
#include <string>

namespace tenon {

struct KernelCost {
  int64_t flops = 0;              // a multiply-add counts two
  int64_t weightBytes = 0;        // weights read, as stored without padding
  int64_t activationBytes = 0;    // activations read and written; KV cache and weights not counted
  int64_t argCount = 0;           // pointers: one per tensor, two per cache
  std::string prologue, epilogue; // op names around the anchor, separated by commas
  std::string multiplier;         // of the tiling, empty where the kernel multiplies nothing or has no tiling yet
};

// The cost of `launch`, whose kernel is `kernel`. The launch tells weights from activations.
KernelCost costOf(kernel::FuncOp kernel, kernel::LaunchOp launch);

} // namespace tenon
