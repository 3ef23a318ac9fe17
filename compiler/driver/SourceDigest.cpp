#include "compiler/driver/SourceDigest.h"

namespace tenon {

std::string_view sourceDigest() {
  return
#include "tenon/SourceDigest.inc"
      ;
}

} // namespace tenon
