// Structs of the C API begin with their size, so that callers and library may know different numbers of fields.
#pragma once

#include "tenon/tenon.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace tenon::capi {

inline constexpr size_t kLargestStruct = 4096; // far above any; a larger size is an uninitialised one

// Copies the caller's struct over `out`, which holds the defaults. Null keeps the defaults.
template <typename T> tenon_status readStruct(const char *name, const T *given, T &out) {
  if (!given)
    return TENON_OK;
  size_t size = given->struct_size;
  if (size < sizeof(size_t) || size > kLargestStruct)
    return tenon_fail(
        TENON_USAGE,
        (std::string(name) + ".struct_size: expected sizeof(" + name + "), found " + std::to_string(size)).c_str());
  const auto *bytes = reinterpret_cast<const unsigned char *>(given);
  for (size_t i = sizeof(T); i < size; ++i)
    if (bytes[i] != 0)
      return tenon_fail(TENON_USAGE, (std::string(name) + " has a field set that this version of libtenon (" +
                                      tenon_version() + ") does not know: use a newer library")
                                         .c_str());
  std::memcpy(&out, bytes, std::min(size, sizeof(T)));
  out.struct_size = sizeof(T);
  return TENON_OK;
}

// Copies `values` to the caller's struct as far as its size goes; later fields of a newer caller become zero.
template <typename T> tenon_status writeStruct(const char *name, const T &values, T *given) {
  size_t size = given ? given->struct_size : 0;
  if (size < sizeof(size_t) || size > kLargestStruct)
    return tenon_fail(
        TENON_USAGE,
        (std::string(name) + ".struct_size: expected sizeof(" + name + "), found " + std::to_string(size)).c_str());
  auto *bytes = reinterpret_cast<unsigned char *>(given);
  std::memset(bytes + sizeof(size_t), 0, size - sizeof(size_t));
  std::memcpy(bytes + sizeof(size_t), reinterpret_cast<const unsigned char *>(&values) + sizeof(size_t),
              std::min(size, sizeof(T)) - sizeof(size_t));
  return TENON_OK;
}

} // namespace tenon::capi
