"""The X-Ray SDK for Python makes the calls that a Rust program makes too, and prints the documents that it would send, as one JSON array.

Where to call: HTTP_PORT (a server that has `/orders/7` and nothing else), POSTGRES_URL, SQLITE_FILE (made if it is not there), AWS_PORT (moto).
PostgreSQL is left out without POSTGRES_URL.
"""

import json
import os
import sqlite3

import boto3
import requests
from aws_xray_sdk.core import patch, xray_recorder
from botocore.exceptions import ClientError

with_postgres = "POSTGRES_URL" in os.environ
if with_postgres:
    import psycopg2

documents = []


class Collector:
    def send_entity(self, entity):
        documents.append(json.loads(entity.serialize()))


def refused(kind, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except kind:
        return
    raise AssertionError(f"{call} was not refused with {kind}")


def client(service):
    endpoint = f"http://127.0.0.1:{os.environ['AWS_PORT']}"
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local")


def prepare():
    """What the calls need; before anything is traced, so that it is in no document."""
    if "orders" not in dynamodb.list_tables()["TableNames"]:
        key = [{"AttributeName": "id", "KeyType": "HASH"}]
        attributes = [{"AttributeName": "id", "AttributeType": "S"}]
        dynamodb.create_table(TableName="orders", KeySchema=key, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST")
    s3.create_bucket(Bucket="receipts")
    return sqs.create_queue(QueueName="orders")["QueueUrl"], sns.create_topic(Name="orders")["TopicArn"]


def call_http():
    base = f"http://127.0.0.1:{os.environ['HTTP_PORT']}"
    assert requests.get(f"{base}/orders/7").status_code == 200
    assert requests.get(f"{base}/missing").status_code == 404


def call_postgres():
    connection = psycopg2.connect(os.environ["POSTGRES_URL"])
    connection.autocommit = True
    connection.cursor().execute("SELECT 1 WHERE 's3cret' <> %s", ("bound",))
    refused(psycopg2.Error, connection.cursor().execute, "SELECT * FROM missing")
    connection.close()


def call_sqlite():
    connection = sqlite3.connect(os.environ["SQLITE_FILE"])
    connection.cursor().execute("SELECT 1 WHERE 's3cret' <> ?", ("bound",))
    refused(sqlite3.Error, connection.cursor().execute, "SELECT * FROM missing")
    connection.close()


def call_aws(queue, topic):
    key = {"id": {"S": "s3cret"}}
    dynamodb.put_item(TableName="orders", Item=key, ReturnConsumedCapacity="TOTAL")
    refused(ClientError, dynamodb.get_item, TableName="missing", Key=key, ConsistentRead=True, ProjectionExpression="id")
    sqs.send_message(QueueUrl=queue, MessageBody="s3cret", DelaySeconds=0, MessageAttributes={"kind": {"DataType": "String", "StringValue": "s3cret"}})
    s3.put_object(Bucket="receipts", Key="7.txt", Body=b"s3cret")
    sns.publish(TopicArn=topic, Message="s3cret")
    refused(ClientError, lambda_.invoke, FunctionName="missing", InvocationType="RequestResponse", Payload=b"{}")


dynamodb, sqs, s3, sns, lambda_ = (client(service) for service in ("dynamodb", "sqs", "s3", "sns", "lambda"))
queue, topic = prepare()
xray_recorder.configure(service="shop", sampling=False, emitter=Collector(), streaming_threshold=10_000)
patch(["requests", "sqlite3", "botocore"] + ["psycopg2"] * with_postgres)
with xray_recorder.in_segment("shop"):
    call_http()
    if with_postgres:
        call_postgres()
    call_sqlite()
    call_aws(queue, topic)
print(json.dumps(documents))
