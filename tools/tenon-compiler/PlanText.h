// A plan for people and for programs.
#pragma once

#include "compiler/driver/Compiler.h"
#include "tools/cli/JsonWriter.h"

#include <string>

namespace tenon::cli {

std::string planText(const EnginePlan &plan);
// One line, schema_version 1, with its newline.
std::string planJson(const EnginePlan &plan);
// The plan as the writer's next value.
void writePlan(JsonWriter &json, const EnginePlan &plan);

} // namespace tenon::cli
