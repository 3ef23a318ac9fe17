// An engine's metadata from hostile bytes, with a digest that fits. What is accepted must be safe to run.
#include "runtime/support/EngineProbe.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static tenon::test::EngineProbe probe;
  probe.accepts({data, size});
  return 0;
}
