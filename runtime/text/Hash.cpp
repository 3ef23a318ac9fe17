#include "runtime/text/Hash.h"

#include <sys/random.h>

namespace tenon::text {

uint64_t hashKey() {
  static const uint64_t key = [] {
    uint64_t value = 0;
    // Without entropy the address of a local (randomised by the kernel) has to do.
    if (getrandom(&value, sizeof value, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof value))
      value = reinterpret_cast<uintptr_t>(&value);
    return value | 1;
  }();
  return key;
}

} // namespace tenon::text
