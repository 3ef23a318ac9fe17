#include "tools/tenon-compiler/PlanText.h"

#include "tools/cli/Quantity.h"

#include <cinttypes>
#include <cstdio>

namespace tenon::cli {
namespace {

std::string amount(const char *name, uint64_t bytes) {
  char line[96];
  std::snprintf(line, sizeof line, "  %-10s %18" PRIu64 " bytes  %9s\n", name, bytes, formatBytes(bytes).c_str());
  return line;
}

} // namespace

std::string planText(const EnginePlan &plan) {
  std::string text = plan.family + ", " + std::to_string(plan.parameters) + " parameters, weights " + plan.weights +
                     ", activations " + plan.activations + ", kv cache " + plan.kv + "\n" + plan.shape.describe() +
                     "\n";
  for (const VariantPlan &variant : plan.variants) {
    char flops[64];
    std::snprintf(flops, sizeof flops, "%.2f GFLOP a token", static_cast<double>(variant.flopsPerToken) / 1e9);
    text += variant.target + ", " + flops + "\n";
    text += amount("weights", variant.weightBytes) + amount("kv", variant.kvBytes) + amount("io", variant.ioBytes) +
            amount("arena", variant.arenaBytes) + amount("total", variant.total());
  }
  return text;
}

void writePlan(JsonWriter &json, const EnginePlan &plan) {
  json.beginObject()
      .field("family", plan.family)
      .field("parameters", plan.parameters)
      .field("source_bytes", plan.sourceBytes);
  json.field("weights", plan.weights).field("activations", plan.activations).field("kv", plan.kv);
  json.field("max_sequences", plan.shape.maxSequences).field("max_context", plan.shape.maxContext);
  json.field("pages", plan.shape.pages).field("page_tokens", plan.shape.pageTokens).key("body_rows").beginArray();
  for (uint32_t rows : plan.shape.bodyRows)
    json.value(rows);
  json.endArray().key("head_rows").beginArray();
  for (uint32_t rows : plan.shape.headRows)
    json.value(rows);
  json.endArray().key("variants").beginArray();
  for (const VariantPlan &v : plan.variants) {
    json.beginObject().field("target", v.target).field("weight_bytes", v.weightBytes).field("kv_bytes", v.kvBytes);
    json.field("io_bytes", v.ioBytes).field("arena_bytes", v.arenaBytes).field("total_bytes", v.total());
    json.field("flops_per_token", v.flopsPerToken).endObject();
  }
  json.endArray().endObject();
}

std::string planJson(const EnginePlan &plan) {
  JsonWriter json;
  json.beginObject().field("schema_version", 1).key("plan");
  writePlan(json, plan);
  return json.endObject().text() + "\n";
}

} // namespace tenon::cli
