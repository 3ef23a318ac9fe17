include "dialects/model/ops/Attention.td"
include "dialects/model/ops/Elementwise.td"
include "dialects/model/ops/Rows.td"
include "dialects/model/ops/Symbols.td"
