import sys
from scanvet import Client, Context

address, path = sys.argv[1:]
with Client(address, context=Context(profile="alibaba-2019", province="CN-SH")) as client:
    result = client.validate_path(path, "id-card-front")
    print(result.verdict.value)
    for finding in result.findings:
        print(finding.reason, finding.text("zh-CN"), sep=": ")
    sys.exit(0 if result.accepted else 1)
