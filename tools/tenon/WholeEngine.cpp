#include "tools/tenon/WholeEngine.h"

#include "runtime/base/Cores.h"
#include "tools/tenon/Padding.h"

namespace tenon::cli {

Status checkWholeEngine(EngineFile &file) {
  TENON_TRY(file.attachExternalWeights());
  const unsigned threads = coreCount();
  for (uint32_t i = 0; i < file.metadata().segments()->size(); ++i)
    TENON_TRY(file.verifySegment(i, threads).within(file.path()));
  return checkPadding(file);
}

uint64_t segmentBytes(const EngineFile &file) {
  uint64_t bytes = 0;
  for (const schema::Segment *segment : *file.metadata().segments())
    bytes += segment->bytes();
  return bytes;
}

} // namespace tenon::cli
