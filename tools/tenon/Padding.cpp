#include "tools/tenon/Padding.h"

#include "runtime/io/MappedFile.h"
#include "runtime/schema/EngineHeader.h"

#include <algorithm>

namespace tenon::cli {
namespace {

struct Range {
  uint64_t begin, end;
};

// `used` ranges were verified when the engine was opened: they lie within the file and do not overlap.
Status checkGaps(const std::string &path, std::vector<Range> used) {
  TENON_ASSIGN(const io::MappedFile file, io::MappedFile::open(path));
  used.push_back({file.size(), file.size()});
  std::sort(used.begin(), used.end(), [](const Range &a, const Range &b) { return a.begin < b.begin; });
  uint64_t at = 0;
  for (const Range &range : used) {
    const auto gap = file.bytes().subspan(at, std::max(range.begin, at) - at);
    const auto bad = std::find_if(gap.begin(), gap.end(), [](uint8_t byte) { return byte != 0; });
    if (bad != gap.end())
      return Status(Code::Integrity, path + ": byte " + std::to_string(at + uint64_t(bad - gap.begin())) +
                                         ", which is padding: expected 0, found " + std::to_string(*bad) +
                                         "\n  something else wrote to the file; copy it again, or compile the engine "
                                         "again: tenon compile MODEL -o FILE");
    at = std::max(at, range.end);
  }
  return Status::ok();
}

} // namespace

Status checkPadding(const EngineFile &engine) {
  std::vector<Range> inside;
  const std::string folder = engine.path().substr(0, engine.path().rfind('/') + 1);
  for (const schema::Segment *segment : *engine.metadata().segments()) {
    const Range range = {segment->offset(), segment->offset() + segment->bytes()};
    if (segment->external())
      TENON_TRY(checkGaps(folder + segment->external()->str(), {{0, sizeof(EngineHeader)}, range}));
    else
      inside.push_back(range);
  }
  inside.push_back({0, sizeof(EngineHeader) + engine.metadataBytes()});
  return checkGaps(engine.path(), std::move(inside));
}

} // namespace tenon::cli
