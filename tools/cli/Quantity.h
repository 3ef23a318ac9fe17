// Numbers as people type and read them: 8k, 4GiB, 1.5G on the way in; "2.20 GB", "33.1" on the way out.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::cli {

// A count with an optional suffix: k M G T (powers of 1000), Ki Mi Gi Ti (of 1024), each with an optional "B". For
// counts that are sizes of a model's shape, k means 1024 when `binaryK` is set: "8k" tokens are 8192. Usage for
// anything else.
Result<uint64_t> parseQuantity(std::string_view text, bool binaryK = false);

// "1,2,8,64": ascending after sorting, without repeats. Usage for anything else or more than 64 values.
Result<std::vector<uint32_t>> parseList(std::string_view text);

// Three significant digits in powers of 1000: "13.9 MB".
std::string formatBytes(uint64_t bytes);

} // namespace tenon::cli
