"""Makes the height and width of a network's input free: free_size.py IN OUT.

The graph does not depend on them, as it ends in the mean over all places; its weights stay as they are. Needs
onnx. The same file gives the same bytes.
"""

import sys

import onnx

source, target = sys.argv[1:]
model = onnx.load(source)
(picture,) = model.graph.input
for place, name in ((2, "height"), (3, "width")):
    picture.type.tensor_type.shape.dim[place].dim_param = name
# What was noted of the sizes in between holds for one size alone.
del model.graph.value_info[:]
onnx.checker.check_model(model)
with open(target, "wb") as file:
    file.write(model.SerializeToString(deterministic=True))
