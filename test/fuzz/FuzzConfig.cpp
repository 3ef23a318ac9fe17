// config.json and generation_config.json from hostile bytes. What is accepted must be computable: its rope table is
// made.
#include "compiler/families/LlamaConfig.h"
#include "compiler/families/RopeTable.h"
#include "compiler/import/Generation.h"
#include "test/fuzz/Require.h"

#include <algorithm>
#include <cmath>

using namespace tenon;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto document = parseJson({reinterpret_cast<const char *>(data), size}, "config.json");
  if (!document.isOk()) {
    require(!document.status().message().empty());
    return 0;
  }
  (void)readGeneration(*document);
  auto reader = ConfigReader::open(*document);
  if (!reader.isOk())
    return 0;
  auto config = readLlamaConfig(*reader);
  if (!config.isOk()) {
    require(config.status().message().find("config.json: ") == 0);
    return 0;
  }
  require(config->hidden > 0 && config->layers > 0 && config->heads % config->kvHeads == 0 && config->headDim % 2 == 0);
  int64_t context = std::min<int64_t>(config->maxPositions, 1 << 20);
  auto rope = RopeTable::make(config->rope, config->headDim, context);
  if (!rope.isOk())
    return 0;
  std::vector<float> row(rope->headDim());
  rope->rows(context - 1, 1, row.data());
  for (float value : row)
    require(std::isfinite(value));
  return 0;
}
