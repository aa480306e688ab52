#!/usr/bin/env node
import "../dist/cli-node.js";
