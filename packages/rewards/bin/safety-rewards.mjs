#!/usr/bin/env node
import "../dist/cli/cli-node.js";
