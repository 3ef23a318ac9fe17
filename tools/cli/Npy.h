// Matrices of f32 as .npy files, format 1.0 (numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>

namespace tenon::cli {

// What stands before the numbers, which follow row by row.
std::string npyHeader(uint64_t rows, uint64_t columns);

// The whole file; `values` holds rows * columns numbers. Errors: io::OutputFile's.
Status writeNpy(const std::string &path, uint64_t rows, uint64_t columns, std::span<const float> values);

} // namespace tenon::cli
